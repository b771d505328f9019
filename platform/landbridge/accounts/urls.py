"""Routes below ``/api/v1/``."""

from django.urls import path

from landbridge.accounts.api import keys, me, organizations

ORGANIZATION = "organizations/<str:slug>"
urlpatterns = [
    path("me", me.MeView.as_view()),
    path("me/tokens", me.MyTokens.as_view()),
    path("me/tokens/<str:token_id>", me.MyToken.as_view()),
    path("organizations", organizations.Organizations.as_view()),
    path(ORGANIZATION, organizations.OrganizationView.as_view()),
    path(f"{ORGANIZATION}/verification", organizations.Verification.as_view()),
    path(f"{ORGANIZATION}/members", organizations.Members.as_view()),
    path(f"{ORGANIZATION}/members/<str:username>", organizations.MemberView.as_view()),
    path(f"{ORGANIZATION}/invitations", organizations.Invitations.as_view()),
    path(f"{ORGANIZATION}/invitations/<str:invitation_id>", organizations.InvitationView.as_view()),
    path("invitations/<str:invitation_id>/accept", organizations.AcceptInvitation.as_view()),
    path(f"{ORGANIZATION}/tokens", keys.OrganizationTokens.as_view()),
    path(f"{ORGANIZATION}/tokens/<str:token_id>", keys.OrganizationToken.as_view()),
    path(f"{ORGANIZATION}/authority", keys.AuthorityRecords.as_view()),
    path(f"{ORGANIZATION}/authority/<str:record_id>", keys.AuthorityView.as_view()),
    path(f"{ORGANIZATION}/authority/<str:record_id>/confirm", keys.AuthorityConfirmation.as_view()),
]
