"""Terms, and the two ends of an express license: a lab offers it in advance, an organization takes it."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from landbridge.accounts import stepup
from landbridge.accounts.models import Role
from landbridge.accounts.principals import Principal, principal_of
from landbridge.accounts.queries import live_authority
from landbridge.agreements import documents, lineage, pages, queries, services
from landbridge.agreements import terms as terms_of
from landbridge.agreements.models import Offer
from landbridge.core.access import Access, Right
from landbridge.core.errors import NotFound
from landbridge.hub import queries as hub
from landbridge.portal.asks import attempt
from landbridge.portal.forms.agreements import OfferForm, ReasonForm, TakeForm
from landbridge.portal.once import once
from landbridge.portal.page import page
from landbridge.portal.shown import cards
from landbridge_registry.models import Repo, Revision

OFFERING = Access(Right.MEMBER, hidden=True, why="To sign takes authority and a code.")


@page(GET=Access(Right.PUBLIC), POST=Access(Right.SIGNED_IN))
@once
def license_(request: HttpRequest, namespace: str, name: str) -> HttpResponse:
    """The terms of every open offer; below them the form that takes one."""
    principal = principal_of(request)
    repo = hub.visible_repo(principal, namespace, name)
    offers = list(queries.live_offers(repo))
    organizations = organizations_of(principal)
    form = TakeForm(
        request.POST or None,
        organizations=[(one["slug"], one["name"]) for one in organizations],
        initial={
            "offer": offers[0].pk if offers else "",
            "country": organizations[0]["country"] if organizations else "",
        },
    )
    if request.method == "POST" and form.is_valid():
        taken = attempt(form, lambda: _take(principal, repo, form.cleaned_data))
        if taken is not None:
            return redirect(pages.agreement(taken.number))
    context = {
        "repo": repo,
        "offers": [_shown(offer) for offer in offers],
        "form": form,
        "organizations": organizations,
        "gate": queries.access_state(principal, repo),
    }
    return render(request, "portal/license.html", context, status=400 if form.errors else 200)


def _take(principal: Principal, repo: Repo, wanted: Mapping[str, Any]) -> Any:  # noqa: ANN401 the service's row
    offer = queries.offer_of(wanted["offer"], principal)
    if offer.repo_id != repo.pk:
        raise NotFound(queries.HIDDEN)
    pinned = Revision.objects.filter(repo=repo, commit__in=[one["commit"] for one in offer.revisions])
    verdict = lineage.check(repo=repo, revisions=list(pinned), licensor=offer.licensor)
    return services.take_offer(
        offer_id=offer.pk,
        organization=wanted["organization"],
        purpose=wanted["purpose"],
        country=wanted["country"],
        verdict=verdict,
        actor=principal.require_user(),
    )


@page(GET=OFFERING, POST=OFFERING)
@once
def offer_new(request: HttpRequest, namespace: str, name: str) -> HttpResponse:
    """Sign a standing offer: from here on the weights need an agreement."""
    principal = principal_of(request)
    user = principal.require_user()
    repo = hub.visible_repo(principal, namespace, name)
    if not principal.has_role(repo.namespace, Role.MEMBER):
        raise NotFound(queries.HIDDEN)
    form = OfferForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = attempt(form, lambda: _publish(principal, repo, form))
        if made is not None:
            messages.success(request, _("The offer stands. From now on the weights need an agreement."))
            return redirect("license", repo.namespace.name, repo.name)
    organization = getattr(repo.namespace, "organization", None)
    context = {
        "repo": repo,
        "form": form,
        "version": Revision.objects.filter(repo=repo).order_by("-sealed_at").first(),
        "has_totp": stepup.has_totp(user),
        "authority": live_authority(organization=organization, person=user).first() if organization else None,
        "organization": organization,
        "template": html_of(documents.template("EVAL", documents.CURRENT["EVAL"]).texts),
    }
    return render(request, "portal/offer_new.html", context, status=400 if form.errors else 200)


def _publish(principal: Principal, repo: Repo, form: OfferForm) -> Offer:
    wanted = form.cleaned_data
    newest = list(Revision.objects.filter(repo=repo).order_by("-sealed_at", "-id")[:1])
    licensor = getattr(repo.namespace, "organization", None)
    if licensor is None:
        raise NotFound(_("Only an organization can offer licenses. Move the model to one."))
    verdict = lineage.check(repo=repo, revisions=newest, licensor=licensor)
    request = terms_of.OfferRequest(
        days=wanted["days"],
        seats=wanted["seats"],
        cap=wanted["cap"],
        countries=wanted["countries"],
        licensee_kinds=tuple(wanted["licensee_kinds"]),
        law=wanted["law"],
    )
    return services.publish_standing_offer(
        repo=repo,
        wanted=request,
        verdict=verdict,
        totp=wanted["totp"],
        consent=form.consent_version,
        actor=principal.require_user(),
    )


@page(POST=Access(Right.OFFICE))
@once
def offer_revoke(request: HttpRequest, offer_id: str) -> HttpResponse:
    principal = principal_of(request)
    offer = queries.offer_of(offer_id, principal)
    form = ReasonForm(request.POST)
    reason = form.cleaned_data["reason"] if form.is_valid() else ""
    services.revoke_offer(offer_id=offer.pk, reason=reason, actor=principal.require_user())
    messages.success(request, _("The offer is withdrawn. What was signed stays in force."))
    return redirect("license", offer.repo.namespace.name, offer.repo.name)


def organizations_of(principal: Principal) -> list[dict[str, str]]:
    rows = [row.organization for row in principal.memberships.values()]
    return [{"slug": row.slug, "name": row.name, "country": row.country} for row in rows]


def html_of(texts: Mapping[str, str]) -> dict[str, str]:
    """The reader's language first; the prevailing one always."""
    mine = "zh-hans" if (get_language() or "").startswith("zh") else "en"
    order = [mine, *(language for language in texts if language != mine)]
    return {language: cards.html(texts[language], below=2) for language in order if language in texts}


def _shown(offer: Offer) -> dict[str, object]:
    return {
        "offer": offer,
        "terms": offer.terms,
        "left": offer.cap - offer.taken,
        "texts": html_of(queries.offer_texts(offer)),
    }
