"""What a request costs, known from its spec before anything is computed: passes of single images, and memory."""

from lab.cost.analyses import Cost, cost
from lab.cost.attacks import Asked, Effort, effort
from lab.cost.training import images_in_step, training_steps

__all__ = ["Asked", "Cost", "Effort", "cost", "effort", "images_in_step", "training_steps"]
