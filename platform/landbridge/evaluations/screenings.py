"""Is this screening the one that was leased, well formed and signed by the worker that leased it? Pure."""

from collections.abc import Mapping
from typing import Any, Final

from landbridge.evaluations.errors import BadResult
from landbridge.evaluations.models import Job
from landbridge.evaluations.verification import PLUGIN
from landbridge.evaluations.wellformed import an_object, check_storable
from landbridge_client import dsse
from landbridge_client.formats.errors import FormatError
from landbridge_plugins import Finding, ModelSpec, SpecError

SCHEMA: Final = "landbridge.screening/1"
MOST: Final = 200  # models, findings
CODE, MESSAGE = 60, 2000  # characters


def check(job: Job, number: int, public_key: str, results: Mapping[str, Any], envelope: Mapping[str, Any]) -> None:
    """Raises ``BadResult`` with what does not fit."""
    check_storable(results, "results")
    check_storable(envelope, "envelope")
    predicate = _predicate(envelope, public_key, job.tree_digest)
    named = job.configuration.get("plugin") or {}
    plugin = {name: named.get(name) for name in PLUGIN}
    wanted = {"job": job.pk, "attempt": number, "kind": job.kind, "pool": job.pool, "plugin": plugin}
    for name, value in wanted.items():
        _require(predicate.get(name) == value, name)
    _require(results.get("schema") == SCHEMA and results.get("plugin") == plugin, "plugin")
    models, findings = models_of(results), findings_of(results)
    signed = an_object(predicate.get("screening"), "screening")
    _require(signed.get("models") == results["models"] and signed.get("findings") == results["findings"], "screening")
    _require(len(models) <= MOST and len(findings) <= MOST, "screening")
    tier = an_object(predicate.get("sandbox"), "sandbox").get("tier")
    _require(isinstance(tier, str) and tier != "none", "sandbox")


def models_of(results: Mapping[str, Any]) -> list[ModelSpec]:
    """What the plugin registers."""
    try:
        return [ModelSpec.from_json(one) for one in results["models"]]
    except (KeyError, TypeError, SpecError) as error:
        raise BadResult(f"The models cannot be read: {error}", what="models") from error


def findings_of(results: Mapping[str, Any]) -> list[Finding]:
    try:
        found = [Finding.from_json(one) for one in results["findings"]]
    except (KeyError, TypeError, SpecError) as error:
        raise BadResult(f"The findings cannot be read: {error}", what="findings") from error
    _require(all(len(one.code) <= CODE and len(one.message) <= MESSAGE for one in found), "findings")
    return found


def _predicate(envelope: Mapping[str, Any], public_key: str, digest: str) -> Mapping[str, Any]:
    try:
        key = dsse.Key.from_hex(public_key)
        verified = dsse.verify(envelope, [key])
    except FormatError as error:
        raise BadResult(f"The envelope cannot be trusted: {error}", what="envelope") from error
    _require(verified.keyids == (key.keyid,), "signature")
    statement = verified.statement
    _require(statement.get("predicateType") == dsse.SCREENING_RESULT, "predicateType")
    subjects = statement.get("subject")
    named = [one for one in subjects if isinstance(one, dict)] if isinstance(subjects, list) else []
    found = [an_object(one.get("digest"), "subject").get("sha256") for one in named]
    _require(found == [digest], "subject")
    return an_object(statement.get("predicate"), "predicate")


def _require(holds: object, what: str) -> None:
    if not holds:
        raise BadResult(f"{what}: the screening is not about what was leased.", what=what)
