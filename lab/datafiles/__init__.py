"""The files a data set is read from: where they lie, what their headers say, what their content hashes to.

No PyTorch here, so that the pages can list data sets and name results without loading anything.
"""

from lab.datafiles.custom import (
    custom_data as custom_data,
    data_folder_problems as data_folder_problems,
    in_data_folder as in_data_folder,
    offer as offer,
    offered as offered,
    scaled as scaled,
)
from lab.datafiles.files import (
    file_hash as file_hash,
    mistaken as mistaken,
    printable as printable,
    shown as shown,
    stamp as stamp,
)
from lab.datafiles.folder import (
    LARGEST as LARGEST,
    is_image_folder as is_image_folder,
    natural_size as natural_size,
    survey as survey,
)
from lab.datafiles.foreign import no_data_set as no_data_set
from lab.datafiles.outlines import (
    Outline as Outline,
    drawing_at as drawing_at,
    files as files,
    fingerprint as fingerprint,
    kind_of as kind_of,
    name_of as name_of,
    opening as opening,
    outline as outline,
    require_trainable as require_trainable,
)
