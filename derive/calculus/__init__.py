"""From equations to their derivatives: the adjoints, the rewrites, the steps that explain them."""
