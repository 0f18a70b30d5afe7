"""The server: the pages, their processes and their watch; the gate before the kernels, and who is let in.

Here and in :mod:`lab.server.supervision` is what ``serve`` runs; :mod:`lab.server.pages` is the process it starts.
"""

from lab.server import spared as spared
from lab.server.children import add_module_folder as add_module_folder
from lab.server.ports import free_port as free_port
from lab.server.site import CAN_FORK as CAN_FORK, LOOPBACK as LOOPBACK, Site as Site, check as check
from lab.server.supervision import Voila as Voila, serving as serving
