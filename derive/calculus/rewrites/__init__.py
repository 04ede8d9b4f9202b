"""Named simplifications: what a person does to a gradient before writing it down.

A rule takes a term to an equal, simpler one, or does not apply.  `table` holds the rules in their
order and applies them until none does; each application is a step with a name and a reason.
"""
