"""Training losses: one function for each kind of recipe, in a file each, all of which are imported.

While examples are made, the network is in evaluation mode, its batch normalisation uses the running statistics and
leaves them alone. The loss itself is taken in training mode, in a single pass over clean and adversarial images, so
that batch normalisation sees both in one batch (Kurakin et al. 2017, §3).
"""

from lab.discovery import import_all
from lab.training.losses.loss import accuracy as accuracy, batch_loss as batch_loss

import_all(__name__)
