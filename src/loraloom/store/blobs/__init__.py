"""Files under the hash of their bytes: written once, never changed, shared by everything that names them."""

from loraloom.store.blobs.contract import KEY, Blobs, Parts
from loraloom.store.blobs.files import link_or_copy
from loraloom.store.blobs.folder import FolderBlobs
from loraloom.store.blobs.open import open_blobs

__all__ = ["KEY", "Blobs", "FolderBlobs", "Parts", "link_or_copy", "open_blobs"]
