"""The stories, in the order in which they build on each other."""

from lab.stories.first_example import STORY as FIRST_EXAMPLE
from lab.stories.many_steps import STORY as MANY_STEPS
from lab.stories.not_fooled import STORY as NOT_FOOLED
from lab.stories.one_step import STORY as ONE_STEP
from lab.stories.other_models import STORY as OTHER_MODELS
from lab.stories.transfer import STORY as TRANSFER

STORIES = (FIRST_EXAMPLE, ONE_STEP, MANY_STEPS, TRANSFER, OTHER_MODELS, NOT_FOOLED)
