"""``offers ls``, ``offers show``; ``agreements take``, ``sign``, ``ls``, ``show``."""

from typing import TYPE_CHECKING, Annotated

import typer

from landbridge_client import config
from landbridge_client.cli.output import clean, examples, pairs, session_of, table

if TYPE_CHECKING:
    from landbridge_client.rest import Offer

offers = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Terms on which models are offered.")
agreements = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Licenses that you asked for or hold.")
AgreementId = Annotated[str, typer.Argument(metavar="NUMBER", help="An agreement's number.")]
Code = Annotated[str | None, typer.Option("--totp", metavar="CODE", help="Your authenticator's six digits.")]
Secret = Annotated[
    str | None, typer.Option("--totp-secret-env", metavar="NAME", help="The variable that holds your TOTP secret.")
]


def add(root: typer.Typer) -> None:
    root.add_typer(offers, name="offers", epilog=examples("offers ls lumen/my-model"))
    root.add_typer(agreements, name="agreements", epilog=examples("agreements ls", "agreements show LB-2026-0001"))


@offers.command("ls", epilog=examples("offers ls lumen/my-model", "offers ls lumen/my-model -q"))
def offers_ls(
    context: typer.Context,
    model: Annotated[str | None, typer.Argument(metavar="NS/NAME", help="Only those of this model.")] = None,
) -> None:
    """List offers that stand.

    Next: landbridge offers show OFFER
    """
    session = session_of(context)
    found = list(session.client().offers.list(model))
    session.show(
        {"items": [dict(offer.data) for offer in found]},
        human=lambda: table(["offer", "type", "model", "licensor", "state"], _offer_rows(found)),
        ids=[offer.id for offer in found],
    )


@offers.command("show", epilog=examples("offers show 01k0example"))
def offers_show(
    context: typer.Context, offer: Annotated[str, typer.Argument(metavar="OFFER", help="An offer's id.")]
) -> None:
    """One offer with its terms.

    Next: landbridge agreements take OFFER --organization SLUG
    """
    session = session_of(context)
    found = session.client().offers.get(offer)
    session.show(dict(found.data), human=pairs(found.data), ids=[found.id])


@agreements.command(
    "take",
    epilog=examples(
        "agreements take 01k0example --organization acme --country FR --purpose 'sorting claims' --totp 123456",
        "agreements take 01k0example --organization acme --country FR --purpose claims --totp-secret-env TOTP --json",
    ),
)
def take(  # noqa: PLR0913, PLR0917 one parameter an option
    context: typer.Context,
    offer: Annotated[str, typer.Argument(metavar="OFFER", help="An offer's id.")],
    organization: Annotated[str, typer.Option(metavar="SLUG", help="For which you sign; you need authority there.")],
    purpose: Annotated[str, typer.Option(help="What you will evaluate it for; it stands in the text.")],
    country: Annotated[str, typer.Option(metavar="CC", help="The organization's domicile, two letters.")],
    signatory: Annotated[str | None, typer.Option(metavar="USER", help="Who signs, if several may.")] = None,
    totp: Code = None,
    totp_secret_env: Secret = None,
) -> None:
    """Take an offer on its fixed text and sign it. From then on you may download what it covers.

    Next: landbridge download NS/NAME
    """
    session = session_of(context)
    code = _code(totp, totp_secret_env)
    client = session.client()
    opened = client.offers.take(
        offer, organization=organization, purpose=purpose, country=country.upper(), signatory=signatory
    )
    session.say(f"Opened {opened.name}. Signing the statement {opened.statement_sha256}…")
    signed = client.agreements.sign(opened.name, code=code)
    session.show(dict(signed.data), human=f"{signed.name} is {signed.state}.", ids=[signed.name])


@agreements.command("sign", epilog=examples("agreements sign LB-2026-0001 --totp 123456"))
def sign(
    context: typer.Context,
    agreement: AgreementId,
    totp: Code = None,
    totp_secret_env: Secret = None,
) -> None:
    """Sign an agreement that waits for you.

    Next: landbridge agreements show NUMBER
    """
    session = session_of(context)
    signed = session.client().agreements.sign(agreement, code=_code(totp, totp_secret_env))
    session.show(dict(signed.data), human=f"{signed.name} is {signed.state}.", ids=[signed.name])


@agreements.command("ls", epilog=examples("agreements ls", "agreements ls --json"))
def ls(context: typer.Context) -> None:
    """List your organizations' agreements.

    Next: landbridge agreements show NUMBER
    """
    session = session_of(context)
    found = list(session.client().agreements.list())
    session.show(
        {"items": [dict(item.data) for item in found]},
        human=lambda: table(["number", "type", "model", "state"], ([a.name, a.type, a.model, a.state] for a in found)),
        ids=[item.name for item in found],
    )


@agreements.command("show", epilog=examples("agreements show LB-2026-0001", "agreements show LB-2026-0001 --json"))
def show(context: typer.Context, agreement: AgreementId) -> None:
    """One agreement: where it stands, and who must act.

    Next: landbridge download NS/NAME
    """
    session = session_of(context)
    found = session.client().agreements.get(agreement)
    session.show(dict(found.data), human=clean(pairs(found.data)), ids=[found.name])


@agreements.command(
    "text", epilog=examples("agreements text LB-2026-0001", "agreements text LB-2026-0001 --language zh")
)
def text(
    context: typer.Context,
    agreement: AgreementId,
    language: Annotated[str, typer.Option(help="en or zh.")] = "en",
) -> None:
    """The text that was signed, or is to be.

    Next: landbridge agreements sign NUMBER
    """
    session = session_of(context)
    found = session.client().agreements.text(agreement, language)
    session.show({"number": agreement, "language": language, "markdown": found}, human=clean(found), ids=[agreement])


def _offer_rows(found: "list[Offer]") -> list[list[str]]:
    return [[offer.id, offer.type, offer.model, offer.licensor, offer.state] for offer in found]


def _code(given: str | None, variable: str | None) -> str:
    """The one-time code: as typed, from a secret in the environment, or asked for."""
    if given:
        return given
    if variable is None:
        return str(typer.prompt("One-time code", err=True))
    from landbridge_client import totp  # noqa: PLC0415 only here

    secret = config.variable(variable)
    if secret is None:
        raise typer.BadParameter(f"The variable {variable} is not set.")
    return totp.code(secret)
