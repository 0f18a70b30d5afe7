"""Downloads of published files, each asked for by a person: never at import, never by a visitor. No PyTorch."""

from lab.downloads.data_sets import (
    MIRROR as MIRROR,
    Offer as Offer,
    download as download,
    offer_of as offer_of,
    offers as offers,
)
from lab.downloads.receive import Unreceived as Unreceived, receive as receive
