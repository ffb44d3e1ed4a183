"""What boto3 raises, in words for the user: place, finding, next step, and never a secret."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from boto3.exceptions import Boto3Error
from botocore import exceptions as boto
from botocore.parsers import ResponseParserError
from urllib3.exceptions import HTTPError

from reactor_runtime.weights.errors import (
    AccessDeniedError,
    BucketMissingError,
    CredentialsMissingError,
    ObjectChangedError,
    ObjectMissingError,
    RegistryError,
    RegistryUnreachableError,
)

_SETTINGS = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (or AWS_PROFILE)"
_CREDENTIALS = (
    boto.NoCredentialsError,
    boto.PartialCredentialsError,
    boto.CredentialRetrievalError,
    boto.ProfileNotFound,
    boto.NoAuthTokenError,
    boto.TokenRetrievalError,
    boto.SSOError,
)
_DENIED = {
    "InvalidAccessKeyId": f"it doesn't know this access key. Check {_SETTINGS}",
    "SignatureDoesNotMatch": "the secret key is another one. Check AWS_SECRET_ACCESS_KEY",
    "XAdminUserNotFound": f"it doesn't know this access key. Check {_SETTINGS}",  # versitygw's word, with status 404
    "ExpiredToken": "the credentials have expired. Get new ones (aws sso login, or a new AWS_SESSION_TOKEN)",
    "InvalidToken": "AWS_SESSION_TOKEN doesn't belong to these credentials. Get new ones",
    "RequestTimeTooSkewed": "the clock of this machine is wrong. Set it",
    "RequestExpired": "the clock of this machine is wrong. Set it",
}
_NO_RIGHT = "these credentials may not do that. Ask its owner for the right to list, read and write"
_OTHER_BUCKET = "Create it, or name another one with REACTOR_MODELS_BUCKET."
_GONE = {"NoSuchKey", "404", "NotFound"}
_OTHER_REGION = {"PermanentRedirect", "301", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException"}
_OTHER_OBJECT = {"PreconditionFailed", "412", "InvalidRange", "416"}
_NOT_NOW = {"SlowDown", "RequestTimeout", "RequestTimeTooLong", "ConditionalRequestConflict", "OperationAborted"}
_ERRNO = re.compile(r"\[Errno -?\d+\] ([A-Za-z ,']+)")


@contextmanager
def explained(location: str, endpoint: Callable[[], str], key: str = "") -> Iterator[None]:
    """Raise a RegistryError in place of what boto3 raises inside.

    Parameters:
        location: the registry, as `s3://bucket`.
        endpoint: tells the server's address, without credentials; called when something has happened.
        key: the object that is asked for, if it is one.
    """
    what = f"{key} in {location}" if key else location
    try:
        yield
    except boto.ClientError as error:
        raise _answered(error, what, location, endpoint()) from None
    except (boto.BotoCoreError, Boto3Error, HTTPError, ResponseParserError, OSError) as error:
        raise _failed(error, what, location, endpoint()) from None


def _failed(error: Exception, what: str, location: str, endpoint: str) -> RegistryError:
    match error:
        case boto.SSLError():
            return RegistryUnreachableError(
                f"{endpoint} has a certificate that this machine doesn't trust. "
                "Set AWS_CA_BUNDLE to the certificate of its authority, or correct the address in AWS_ENDPOINT_URL."
            )
        case (
            boto.ConnectionError()
            | boto.HTTPClientError()
            | boto.IncompleteReadError()
            | ResponseParserError()
            | HTTPError()
            | OSError()
        ):
            return RegistryUnreachableError(
                f"no complete answer from {endpoint} about {what}: {_reason(error)}. "
                "Check the network and AWS_ENDPOINT_URL, then run it again."
            )
    if isinstance(error, _CREDENTIALS):
        return CredentialsMissingError(
            f"there are no credentials for {location} at {endpoint}: {_about_credentials(error)}. "
            f"Set {_SETTINGS}, in the environment or in ~/.aws/credentials."
        )
    return RegistryError(f"{what} can't be asked for: {_first_line(error)}. Check the AWS settings.")


def _answered(error: boto.ClientError, what: str, location: str, endpoint: str) -> RegistryError:
    code = error.response["Error"].get("Code", "")
    status = error.response["ResponseMetadata"].get("HTTPStatusCode", 0)
    said = _first_line(error.response["Error"].get("Message", "")) or "no reason given"
    for kind, applies, text in (
        (BucketMissingError, code == "NoSuchBucket", f"there is no bucket {location} at {endpoint}. {_OTHER_BUCKET}"),
        (ObjectMissingError, code in _GONE, f"there is no {what}."),
        (ObjectChangedError, code in _OTHER_OBJECT, f"{what} has been replaced meanwhile. Start again."),
        (RegistryError, code in _OTHER_REGION, f"{location} is in another region. Set AWS_REGION to the bucket's own."),
        (
            AccessDeniedError,
            status in {401, 403} or code in _DENIED,
            f"{endpoint} denied access to {what}: {_DENIED.get(code, _NO_RIGHT)} ({code or status}).",
        ),
        (
            RegistryUnreachableError,
            status >= 500 or status == 429 or code in _NOT_NOW,
            f"{endpoint} is in trouble with {what} ({code or status}). Try again later.",
        ),
    ):
        if applies:
            return kind(text)
    return RegistryError(f"{endpoint} refused a request about {what}: {said} ({code or status}).")


def _about_credentials(error: Exception) -> str:
    match error:
        case boto.PartialCredentialsError():
            return f"{error.kwargs.get('cred_var')} is missing beside the others"
        case boto.ProfileNotFound():
            return f"the profile {error.kwargs.get('profile')!r} of AWS_PROFILE isn't in ~/.aws/config"
        case boto.NoCredentialsError():
            return "none in the environment, in ~/.aws, or from this machine's role"
        case _:
            return f"{type(error).__name__}, {_first_line(error)}"


def _reason(error: Exception) -> str:
    """The system's own words if there are any; other texts may quote addresses with their secrets."""
    if isinstance(error, boto.ConnectTimeoutError | boto.ReadTimeoutError):
        return "no answer in time"
    if isinstance(error, boto.ConnectionClosedError | boto.ResponseStreamingError | boto.IncompleteReadError):
        return "the connection broke"
    if isinstance(error, ResponseParserError):
        return "an answer that isn't S3's"
    cause = error.kwargs.get("error", "") if isinstance(error, boto.BotoCoreError) else error
    found = _ERRNO.search(str(cause))
    return found[1].strip() if found else "no connection"


def _first_line(text: object) -> str:
    return str(text).strip().partition("\n")[0].rstrip(".")[:200]
