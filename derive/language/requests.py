"""`provide(hessian, jacobian(y_hat, w), flatten)`: what the module offers beside the usual."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from derive.language.lookup import did_you_mean, unknown_name
from derive.language.scope import Scope
from derive.model import Offer, Request
from derive.terms import Quantity

PROVIDE_CURE = "write provide(hessian, hvp, jacobian(y_hat, w), gradient(x), flatten), or less"


# Each offer, as it may be written with quantities, and how many of them there may be.
OFFERS: dict[Offer, tuple[str, range]] = {
    "hessian": ("hessian(w, b)", range(2, 3)),
    "hvp": ("hvp", range(0)),
    "jacobian": ("jacobian(y_hat, w)", range(1, 1000)),
    "gradient": ("gradient(x)", range(1, 1000)),
    "flatten": ("flatten", range(0)),
}


def read_provide(node: ast.Call, scope: Scope) -> None:
    """Add what `provide(...)` asks for to the draft."""
    if not node.args or node.keywords:
        raise scope.error(node, "provide takes what the module is to offer", PROVIDE_CURE)
    for argument in node.args:
        request = _request(argument, scope)
        for other in scope.draft.requests:
            if _overlap(request, other):
                raise scope.error(
                    argument,
                    f"'{scope.spelling(argument)}' is asked for twice",
                    "leave one of the two",
                )
        scope.draft.requests.append(request)


def _overlap(one: Request, other: Request) -> bool:
    """Whether two requests ask for the same; without names a request asks for everything."""
    if one.offer != other.offer:
        return False
    match one.offer:
        case "hessian":
            return () in (one.quantities, other.quantities) or one == other
        case "jacobian":
            (of, *by), (other_of, *other_by) = one.quantities, other.quantities
            return of == other_of and (not by or not other_by or not set(by).isdisjoint(other_by))
    sets = set(one.quantities), set(other.quantities)
    return not all(sets) or not sets[0].isdisjoint(sets[1])


def _request(node: ast.expr, scope: Scope) -> Request:
    head, given = (node.func, node.args) if isinstance(node, ast.Call) else (node, [])
    word = head.id if isinstance(head, ast.Name) else ""
    offer = next((offer for offer in OFFERS if offer == word), None)
    if offer is None:
        raise scope.error(
            head,
            f"'{scope.spelling(head)}' is nothing that a module can provide",
            did_you_mean(word, OFFERS) or PROVIDE_CURE,
        )
    example, counts = OFFERS[offer]
    if isinstance(node, ast.Call):
        fits = len(given) in counts and not node.keywords
    else:
        fits = offer != "jacobian"
    if not fits:
        alone = "" if offer == "jacobian" or example == offer else f"{offer} or "
        raise scope.error(
            node,
            f"'{scope.spelling(node)}' is not how '{offer}' is asked for",
            f"write {alone}{example}",
        )
    return Request(offer, tuple(_quantities(offer, given, scope)), scope.draft.source.place(node))


def _quantities(offer: Offer, given: list[ast.expr], scope: Scope) -> Iterator[Quantity]:
    found: list[Quantity] = []
    for place, node in enumerate(given):
        if not isinstance(node, ast.Name):
            raise scope.error(
                node,
                f"'{scope.spelling(node)}' is not the name of a quantity",
                f"write {OFFERS[offer][0]} with names",
            )
        if node.id not in scope.draft.quantities:
            raise unknown_name(node, scope)
        quantity = scope.draft.quantities[node.id]
        _check(offer, place, quantity, node, scope)
        if offer != "hessian" and quantity in found:
            raise scope.error(node, f"'{node.id}' is given twice", "name each quantity once")
        found.append(quantity)
    yield from found


def _check(offer: Offer, place: int, quantity: Quantity, node: ast.Name, scope: Scope) -> None:
    """Refuse a quantity of which, or by which, there is nothing to derive."""
    kind, name = quantity.kind, node.id
    if offer == "jacobian" and place == 0:
        if kind != "defined":
            raise scope.error(
                node,
                f"'{name}' is declared, so it has no Jacobian",
                "name a quantity that is computed first, then what it is differentiated by",
            )
    elif kind == "index":
        raise scope.error(
            node,
            f"'{name}' holds whole numbers, by which nothing is differentiated",
            "name what is looked up by it",
        )
    elif offer == "hessian" and kind != "param":
        raise scope.error(
            node,
            f"'{name}' is no parameter",
            f"the Hessian is that of the cost by parameters: {_names(('param',), scope)}",
        )
    elif offer == "gradient" and kind != "input":
        raise scope.error(
            node,
            f"'{name}' is a parameter, and its gradient is there without being asked for"
            if kind == "param"
            else f"'{name}' is no data",
            f"gradient names data: {_names(('input',), scope)}",
        )
    elif offer == "jacobian" and kind not in ("param", "input"):
        raise scope.error(
            node,
            f"'{name}' is neither a parameter nor data",
            f"a Jacobian is taken by what is declared: {_names(('param', 'input'), scope)}",
        )


def _names(kinds: tuple[str, ...], scope: Scope) -> str:
    found = [name for name, q in scope.draft.quantities.items() if q.kind in kinds]
    return ", ".join(found) or "there are none above this line"
