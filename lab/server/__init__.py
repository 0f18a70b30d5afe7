"""The server: the pages, their processes and their watch; the gate before the kernels, and who is let in.

Here and in :mod:`lab.server.supervision` is what ``serve`` runs; :mod:`lab.server.pages` is the process it starts.
"""

from lab.server.children import add_module_folder
from lab.server.ports import free_port
from lab.server.site import LOOPBACK, Site, check
from lab.server.supervision import Voila, serving

__all__ = ["LOOPBACK", "Site", "Voila", "add_module_folder", "check", "free_port", "serving"]
