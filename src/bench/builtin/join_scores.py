"""Joins what an encoder and n-grams say of texts into the scores of one teacher, of two labels.

Arguments: the encoder's scores, the n-grams' (two files, each of a model that did not see the texts
that it scored), validation texts with labels, sentences whose label counts, and the output. Scores
are files `teacher_scores-*.dat` of `nunchi train --teacher`, and so is the output, which begins as
the encoder's: a training with that encoder as its teacher reads it.

The weights of both are those of a logistic regression on the validation texts that all have scored.
A sentence whose label counts gets at least 0.98 for it. Needs Python 3 alone.
"""

import hashlib
import math
import struct
import sys

POSITIVE = "긍정"
SURE = 4.0  # logits apart


def read(path):
    data = open(path, "rb").read()
    begin = data.index(b"\n") + 1
    (count,) = struct.unpack_from(">i", data, begin)
    labels = int(data[:begin].split()[-1])
    size = 16 + 4 * labels
    scores = {}
    for place in range(begin + 4, begin + 4 + count * size, size):
        logits = struct.unpack_from(f">{labels}f", data, place + 16)
        scores[data[place : place + 16]] = logits[1] - logits[0]
    return data[:begin], scores


def key(text):
    return hashlib.sha256(text.encode()).digest()[:16]


def rows(path):
    for line in list(open(path, encoding="utf-8"))[1:]:
        text, label = line.rstrip("\n").split("\t")
        yield key(text), label == POSITIVE


def fitted(points):
    """Newton's method: weights of both and an intercept."""
    weights = [0.0] * 3
    for _ in range(30):
        gradient = [0.0] * 3
        hessian = [[1e-6 * (row == column) for column in range(3)] for row in range(3)]
        for first, second, label in points:
            values = (first, second, 1.0)
            p = 1 / (1 + math.exp(-sum(w * v for w, v in zip(weights, values))))
            for row in range(3):
                gradient[row] += (p - label) * values[row]
                for column in range(3):
                    hessian[row][column] += p * (1 - p) * values[row] * values[column]
        system = [hessian[row] + [gradient[row]] for row in range(3)]
        for row in range(3):
            system[row] = [value / system[row][row] for value in system[row]]
            for other in range(3):
                if other != row:
                    factor = system[other][row]
                    system[other] = [a - factor * b for a, b in zip(system[other], system[row])]
        weights = [w - line[3] for w, line in zip(weights, system)]
    return weights


encoder, ngrams, others, validation, sentences, output = sys.argv[1:7]
head, first = read(encoder)
_, second = read(ngrams)
for text, score in read(others)[1].items():
    second[text] = (second[text] + score) / 2 if text in second else score

points = [
    (first[text], second[text], float(label))
    for text, label in rows(validation)
    if text in first and text in second
]
a, b, c = fitted(points)
right = [
    sum((score > 0) == (label > 0.5) for score, label in scored) / len(points)
    for scored in (
        [(x, label) for x, _, label in points],
        [(z, label) for _, z, label in points],
        [(a * x + b * z + c, label) for x, z, label in points],
    )
]
print(
    f"{len(points)} validation texts: {a:.3f} of the encoder, {b:.3f} of the n-grams;"
    f" right {right[0]:.4f}, {right[1]:.4f}, both {right[2]:.4f}"
)

joined = {
    text: a * score + b * second[text] + c if text in second else (a + b) * score
    for text, score in first.items()
}
for text, label in rows(sentences):
    sign = 1 if label else -1
    joined[text] = sign * max(SURE, sign * joined.get(text, 0.0))

body = bytearray(head + struct.pack(">i", len(joined)))
for text, score in joined.items():
    body += text + struct.pack(">ff", -score / 2, score / 2)
open(output, "wb").write(body + hashlib.sha256(body).digest())
