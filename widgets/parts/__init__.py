"""Parts that pages share: the page itself, forms, choices, the run bar, galleries, links and their like."""
