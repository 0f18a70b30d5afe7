"""Cost of a request, known from its spec before anything is computed: passes of single images, and memory.

Every file here is imported, which registers its costs.
"""

from lab.cost.analyses import Cost as Cost, cost as cost
from lab.cost.attacks import Asked as Asked, Effort as Effort, effort as effort
from lab.cost.training import (
    images_in_step as images_in_step,
    passes_of_image as passes_of_image,
    training_steps as training_steps,
)
from lab.discovery import import_all

import_all(__name__)
