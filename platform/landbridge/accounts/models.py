"""People, programs, organizations, and what each may do."""

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from landbridge.core.models import BaseModel
from landbridge_registry.models import Namespace


class UserKind(models.TextChoices):
    PERSON = "person"
    ROBOT = "robot"
    WORKER = "worker"
    CLOCK = "clock"


class User(AbstractUser):
    """A person or a program that acts. Its name is its namespace's name, too."""

    kind = models.CharField(max_length=8, choices=UserKind, default=UserKind.PERSON)
    locale = models.CharField(max_length=8, blank=True)

    class Meta(AbstractUser.Meta):
        constraints = [
            models.UniqueConstraint(Lower("username"), name="one_user_per_name_in_any_case"),
            models.UniqueConstraint(Lower("email"), condition=~Q(email=""), name="one_user_per_email_in_any_case"),
        ]


class OrganizationKind(models.TextChoices):
    LAB = "lab"
    COMPANY = "company"
    OPERATOR = "operator"


class Organization(BaseModel):
    """A lab, a company, or the operator. Its slug is its namespace's name."""

    slug = models.CharField(max_length=96, unique=True)
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=8, choices=OrganizationKind)
    country = models.CharField(max_length=2, blank=True)  # ISO 3166-1
    namespace = models.OneToOneField(Namespace, on_delete=models.PROTECT, related_name="organization")
    verified_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.slug


class Role(models.TextChoices):
    OWNER = "owner"
    MAINTAINER = "maintainer"
    MEMBER = "member"
    SIGNATORY = "signatory"


class Membership(BaseModel):
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "organization"], name="one_role_per_user_and_organization"),
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.role} of {self.organization}"


class TokenKind(models.TextChoices):
    PERSON = "person"
    ROBOT = "robot"
    WORKER = "worker"
    JOB = "job"


class Token(BaseModel):
    """A key for programs. The text is shown once; only its SHA-256 stays."""

    kind = models.CharField(max_length=8, choices=TokenKind, default=TokenKind.PERSON)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="tokens")
    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, null=True, blank=True, related_name="tokens"
    )
    name = models.CharField(max_length=80)
    prefix = models.CharField(max_length=8)  # what lists show: lb_ and five characters
    digest = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)
    addresses = models.JSONField(default=list)  # networks it may come from, as CIDR; empty: any
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    reach = models.JSONField(default=dict)  # kind job: {"job", "attempt", "repos": [{"type", "repo", "revision"}]}
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.prefix}… {self.name}"


class AuthorityRecord(BaseModel):
    """A person's documented power to bind an organization (licensing, section 6)."""

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="authority")
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="authority")
    title = models.CharField(max_length=120)
    types = models.JSONField(default=list)  # agreement types: ["EVAL", ...]
    acts = models.JSONField(default=list)  # offer, sign, waive, terminate
    value_limit = models.BigIntegerField(null=True, blank=True)  # minor units; null: none
    currency = models.CharField(max_length=3, blank=True)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)
    basis = models.CharField(max_length=200)  # what it rests on: a document's hash, or the operator's grant
    granted_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    confirmed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(granted_by=models.F("person")), name="nobody_grants_authority_to_themselves"
            ),
            models.CheckConstraint(
                condition=Q(confirmed_by=None) | ~Q(confirmed_by=models.F("person")),
                name="nobody_confirms_their_own_authority",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} for {self.organization}"


class Invitation(BaseModel):
    """A place in an organization, offered to an address. The mail's link carries a signature of the id, not stored."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField()
    role = models.CharField(max_length=10, choices=Role)
    invited_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    expires_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "organization",
                Lower("email"),
                condition=Q(accepted_by=None, revoked_at=None),
                name="one_open_invitation_per_organization_and_email",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.email} to {self.organization}"


class CodeUse(models.Model):
    """A one-time code that was used: its 30-second step, so that nobody uses it again."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    step = models.PositiveBigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "step"], name="one_use_per_user_and_code")]

    def __str__(self) -> str:
        return f"{self.user} at {self.step}"


class SignInLink(BaseModel):
    """One way in, once: for the demo's roles and an operator's invitation."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    digest = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"sign-in link of {self.user}"
