"""The files a data set is read from: where they lie, what their headers say, what their content hashes to.

No PyTorch here, so that the pages can list data sets and name results without loading anything.
"""

from lab.datafiles.custom import custom_data, data_folder_problems, in_data_folder, offer, offered, scaled
from lab.datafiles.files import file_hash, printable, shown, stamp
from lab.datafiles.folder import LARGEST, is_image_folder, natural_size, survey
from lab.datafiles.outlines import Outline, files, fingerprint, name_of, outline, require_trainable

__all__ = [
    "LARGEST",
    "Outline",
    "custom_data",
    "data_folder_problems",
    "file_hash",
    "files",
    "fingerprint",
    "in_data_folder",
    "is_image_folder",
    "name_of",
    "natural_size",
    "offer",
    "offered",
    "outline",
    "printable",
    "require_trainable",
    "scaled",
    "shown",
    "stamp",
    "survey",
]
