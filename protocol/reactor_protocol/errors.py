"""Validation errors in one sentence that a person can act on."""

from pydantic import ValidationError


def explain(error: ValidationError, *, most: int = 3) -> str:
    """Say where each of the first `most` findings is, what is expected and what was found.

    Values are shown by type, never in full: they may be prompts or tokens.
    """
    findings = error.errors(include_url=False, include_context=False)
    parts = [_sentence(finding["loc"], finding["msg"], finding["input"]) for finding in findings[:most]]
    if len(findings) > most:
        parts.append(f"and {len(findings) - most} more")
    return "; ".join(parts)


def _sentence(loc: tuple[int | str, ...], message: str, found: object) -> str:
    where = ".".join(str(part) for part in loc) or "message"
    if isinstance(found, dict) and message == "Field required":
        return f"{where}: missing"
    return f"{where}: {message[0].lower()}{message[1:]}, found {type(found).__name__}"
