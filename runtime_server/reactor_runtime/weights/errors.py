"""What can go wrong between a registry and a weight folder on this machine.

WeightsError                       of reactor_runtime.errors
└── RegistryError                  anything below; its text names the place, what was found there, and the next step
    ├── RegistryUnreachableError   no connection, a broken one, a server in trouble: may work a moment later
    ├── CredentialsMissingError    no credentials anywhere, or only half of them
    ├── AccessDeniedError          credentials that may not do this, or that aren't valid
    ├── BucketMissingError         the bucket, or the directory that is the registry, isn't there
    ├── FolderMissingError         the registry has no folder, model or version of this name
    ├── ObjectMissingError         one object isn't there
    ├── ObjectChangedError         one object is another one by now
    ├── ObjectExistsError          one object is there already and must stay as it is
    ├── UnsafeKeyError             a name or key that must not become a path
    ├── CorruptFolderError         contents that aren't what their index says, or an index that says nothing sensible
    ├── NotEnoughSpaceError        the disk is too small for it
    ├── OfflineError               it is not on this machine, and the network may not be used
    └── StoppedError               the caller asked to stop; nothing is wrong

No text holds a secret.
"""

from reactor_runtime.errors import WeightsError


class RegistryError(WeightsError):
    """Anything that weights can raise; the text names place, finding and next step."""


class RegistryUnreachableError(RegistryError):
    """No connection, a broken one, or a server in trouble: worth another try."""


class CredentialsMissingError(RegistryError):
    """No credentials were found, or only half of them."""


class AccessDeniedError(RegistryError):
    """The credentials, or the user of this process, may not do this."""


class BucketMissingError(RegistryError):
    """The bucket, or the directory that is the registry, isn't there."""


class FolderMissingError(RegistryError):
    """The registry has no weight folder, model or version of this name."""


class ObjectMissingError(RegistryError):
    """An object isn't there."""


class ObjectChangedError(RegistryError):
    """An object is no longer the one that was asked for."""


class ObjectExistsError(RegistryError):
    """An object is there already and must not be replaced."""


class UnsafeKeyError(RegistryError):
    """A name or key that must not become a path on this machine."""


class CorruptFolderError(RegistryError):
    """Contents that aren't what they should be."""


class NotEnoughSpaceError(RegistryError):
    """The disk has too little room; the text says how much is needed and how much there is."""


class OfflineError(RegistryError):
    """What is asked for isn't on this machine, and the network may not be used."""


class StoppedError(RegistryError):
    """The caller asked to stop."""
