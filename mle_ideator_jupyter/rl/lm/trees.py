"""All answers that a question may be given, read by a model at once: a tree of tokens behind what is asked.

A question is read once, whatever the number of its answers, and no place sees nothing: what fills a row up sees itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mle_ideator_jupyter.ideators.local import naming
from mle_ideator_jupyter.ideators.local.paths import Paths


class Tree:
    """The answers that name one of these titles, as a tree of tokens; what begins alike is there once.

    `answers` are their tokens; `own` says which of them were chosen among several. `sees[j, k]` is whether node k leads
    to node j, or is j; `depths` is how many nodes lead to each. Of each answer and place, `before` is the node that
    comes before (0: the question's end, 1: the first node), `said` the token and `allowed` what might have been said
    (answers x places x most, -1: none).
    """

    def __init__(self, tokenizer: Any, titles: Sequence[str]) -> None:
        import torch

        texts = [tokenizer.encode(naming.said(t), add_special_tokens=False) for t in titles]
        paths = Paths(texts, tokenizer.eos_token_id)
        self.answers: list[list[int]] = [[*text, paths.end] for text in texts]
        allowed = [paths.allowed(answer) for answer in self.answers]
        self.own = [[int(len(among_) > 1) for among_ in line] for line in allowed]
        nodes: dict[tuple[int, ...], int] = {}
        tokens: list[int] = []
        lines = []
        for answer in self.answers:
            line: list[int] = []
            for place, token in enumerate(answer, 1):
                if (start := tuple(answer[:place])) not in nodes:
                    nodes[start] = len(tokens)
                    tokens.append(token)
                line.append(nodes[start])
            lines.append(line)
        self.tokens = torch.tensor(tokens)
        self.sees = torch.eye(len(tokens), dtype=torch.bool)
        self.depths = torch.zeros(len(tokens), dtype=torch.long)
        for line in lines:
            for depth, node in enumerate(line):
                self.sees[node, line[:depth]] = True
                self.depths[node] = depth
        places = max(map(len, self.answers))
        self.before = torch.zeros(len(titles), places, dtype=torch.long)
        self.said = torch.zeros(len(titles), places, dtype=torch.long)
        for row, (line, answer) in enumerate(zip(lines, self.answers, strict=True)):
            self.before[row, 1 : len(line)] = torch.tensor([node + 1 for node in line[:-1]], dtype=torch.long)
            self.said[row, : len(answer)] = torch.tensor(answer)
        self.allowed = table(allowed)


def read(model: Any, asked: Sequence[Sequence[int]], trees: Sequence[Tree]) -> Any:
    """Return the scores of what follows each question's end and each node of its tree.

    Shape: questions x (1 + most nodes) x vocabulary. Questions end in one column, so that shorter ones begin later.
    """
    import torch

    longest, most = max(map(len, asked)), max(len(t.tokens) for t in trees)
    width = longest + most
    ids = torch.zeros(len(asked), width, dtype=torch.long)
    places = torch.zeros_like(ids)
    sees = torch.eye(width, dtype=torch.bool).repeat(len(asked), 1, 1)
    for row, (question, tree) in enumerate(zip(asked, trees, strict=True)):
        count, start, end = len(question), longest - len(question), longest + len(tree.tokens)
        ids[row, start:longest], ids[row, longest:end] = torch.tensor(question), tree.tokens
        places[row, start:longest], places[row, longest:end] = torch.arange(count), count + tree.depths
        sees[row, start:longest, start:longest] = torch.ones(count, count, dtype=torch.bool).tril()
        sees[row, longest:end, start:longest] = True
        sees[row, longest:end, longest:end] = tree.sees
    device, least = model.device, torch.finfo(model.dtype).min
    hidden = torch.zeros(sees.shape, dtype=model.dtype, device=device).masked_fill_(~sees.to(device), least)
    return model(
        input_ids=ids.to(device),
        attention_mask=hidden.unsqueeze(1),
        position_ids=places.to(device),
        use_cache=False,
        logits_to_keep=most + 1,
    ).logits


def spoken(logits: Any, tree: Tree, temperature: float = 1.0) -> tuple[Any, Any]:
    """Return, for each answer of a tree and each of its places, the token's log chance and the entropy there.

    `logits` are a question's, as `read` returns them; chances are among what is allowed in a place.
    """
    device = logits.device
    before, said, allowed = tree.before.to(device), tree.said.to(device), tree.allowed.to(device)
    return among(logits, before, said, allowed, temperature)


def among(logits: Any, before: Any, tokens: Any, allowed: Any, temperature: float = 1.0) -> tuple[Any, Any]:
    """Return the log chance of each token among those allowed in its place, and the entropy there.

    Shapes: logits nodes x vocabulary; before (the node whose scores count) and tokens answers x places; allowed answers
    x places x most (-1: none). Where nothing was allowed (behind an answer's end) both are 0.
    """
    import torch

    none = (allowed < 0).all(-1)
    scores = logits[before.unsqueeze(-1), allowed.clamp_min(0)].float() / temperature
    scores = scores.masked_fill(allowed < 0, -1e9).masked_fill(none.unsqueeze(-1), 0.0)
    chances = torch.log_softmax(scores, -1)
    drawn = logits[before, tokens].float() / temperature - torch.logsumexp(scores, -1)
    entropy = -(chances.exp() * chances.masked_fill(allowed < 0, 0.0)).sum(-1)
    return drawn.masked_fill(none, 0.0), entropy.masked_fill(none, 0.0)


def table(allowed: Sequence[Sequence[Sequence[int]]]) -> Any:
    """Return the tokens that were allowed in each place of each answer: answers x places x most, filled up with -1."""
    import torch

    places, most = max(map(len, allowed)), max(len(one) for own in allowed for one in own)
    made = torch.full((len(allowed), places, most), -1)
    for row, own in enumerate(allowed):
        for place, one in enumerate(own):
            made[row, place, : len(one)] = torch.tensor(one)
    return made
