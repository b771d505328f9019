"""``offers ls``, ``offers show``; ``agreements take``, ``sign``, ``ls``, ``show``."""

from typing import Annotated

import typer

from landbridge_client import config
from landbridge_client.cli.output import clean, examples, pairs, session_of, table

offers = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Terms on which models are offered.")
agreements = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Licenses that you asked for or hold.")
LICENSEE = "licensee"
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
        human=lambda: table(["offer", "type", "model", "title"], ([o.id, o.type, o.model, o.title] for o in found)),
        ids=[offer.id for offer in found],
    )


@offers.command("show", epilog=examples("offers show 01k0example"))
def offers_show(
    context: typer.Context, offer: Annotated[str, typer.Argument(metavar="OFFER", help="An offer's id.")]
) -> None:
    """One offer with its terms.

    Next: landbridge agreements take OFFER --organization SLUG --totp CODE
    """
    session = session_of(context)
    found = session.client().offers.get(offer)
    session.show(dict(found.data), human=pairs(found.data), ids=[found.id])


@agreements.command(
    "take",
    epilog=examples(
        "agreements take 01k0example --organization acme --domicile FR --totp 123456",
        "agreements take 01k0example --organization acme --totp-secret-env ACME_TOTP --json",
    ),
)
def take(  # noqa: PLR0913, PLR0917 one parameter an option
    context: typer.Context,
    offer: Annotated[str, typer.Argument(metavar="OFFER", help="An offer's id.")],
    organization: Annotated[str, typer.Option(metavar="SLUG", help="For which you sign; you need authority there.")],
    end_use: Annotated[str, typer.Option(help="What the model is for.")] = "internal evaluation",
    domicile: Annotated[str, typer.Option(metavar="COUNTRY", help="The organization's, two letters.")] = "",
    totp: Code = None,
    totp_secret_env: Secret = None,
) -> None:
    """Take an offer on its fixed text and sign it. From then on you may download what it covers.

    Next: landbridge download NS/NAME
    """
    session = session_of(context)
    code = _code(totp, totp_secret_env)
    client = session.client()
    attestations = {"end_use": end_use} | ({"domicile": domicile.upper()} if domicile else {})
    opened = client.offers.take(offer, organization=organization, attestations=attestations)
    session.say(f"Opened {opened.name}: {opened.state}. Signing…")
    signed = client.agreements.sign(opened.name, LICENSEE, code=code)
    session.show(dict(signed.data), human=f"{signed.name} is {signed.state}.", ids=[signed.name])


@agreements.command("sign", epilog=examples("agreements sign LB-2026-0001 --totp 123456"))
def sign(
    context: typer.Context,
    agreement: AgreementId,
    slot: Annotated[str, typer.Option(help="The signature that is yours.")] = LICENSEE,
    totp: Code = None,
    totp_secret_env: Secret = None,
) -> None:
    """Sign an agreement that waits for you.

    Next: landbridge agreements show NUMBER
    """
    session = session_of(context)
    signed = session.client().agreements.sign(agreement, slot, code=_code(totp, totp_secret_env))
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
