"""Routes below ``/api/v1/``."""

from django.urls import path

from landbridge.agreements.api import agreements, offers

AGREEMENT = "agreements/<str:number>"
urlpatterns = [
    path("offers", offers.Offers.as_view()),
    path("offers/<str:offer_id>", offers.OfferView.as_view()),
    path("offers/<str:offer_id>/revoke", offers.Revocation.as_view()),
    path("offers/<str:offer_id>/take", offers.Take.as_view()),
    path("models/<str:namespace>/<str:name>/license", offers.License.as_view()),
    path("agreements", agreements.Agreements.as_view()),
    path(AGREEMENT, agreements.AgreementView.as_view()),
    path(f"{AGREEMENT}/text", agreements.Text.as_view()),
    path(f"{AGREEMENT}/sign", agreements.Sign.as_view()),
    path(f"{AGREEMENT}/terminate", agreements.Terminate.as_view()),
    *(path(f"{AGREEMENT}/{action}", agreements.Deed.as_view(), {"action": action}) for action in agreements.Deed.deeds),
    path(f"{AGREEMENT}/grants", agreements.Grants.as_view()),
    path(f"{AGREEMENT}/seats", agreements.Seats.as_view()),
    path(f"{AGREEMENT}/seats/<str:username>", agreements.SeatView.as_view()),
    path(f"{AGREEMENT}/access-log", agreements.AccessLog.as_view()),
]
