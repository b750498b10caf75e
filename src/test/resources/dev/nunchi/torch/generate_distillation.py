"""Writes distillation.json: losses of a student that learns from a teacher, and their gradients at
the student's logits, as PyTorch computes them in double precision.

Needs torch; run from this folder: python generate_distillation.py
"""

import json
import pathlib

import torch
from torch.nn import functional as F

torch.manual_seed(7)
TEXTS, LABELS = 6, 3
# Two texts have no label.
LABELLED = [True, False, True, True, False, True]
ROWS = [i for i, has in enumerate(LABELLED) if has]
CLASSES = [0, -1, 2, 1, -1, 0]
SETS = [[0, 2], [], [1], [], [], [0, 1, 2]]
VALUES = [-1.0, 0.0, 0.25, 1.0, 0.0, 0.5]
WEIGHTS = [1.0, 4.0, 9.0]
SMOOTHING = 0.1


def single(student, teacher, t):
    return t * t * F.kl_div(
        F.log_softmax(student / t, 1), F.log_softmax(teacher / t, 1), reduction="none", log_target=True
    ).sum(1)


def several(student, teacher, t):
    p, q = torch.sigmoid(teacher / t), torch.sigmoid(student / t)
    pairs = p * (p / q).log() + (1 - p) * ((1 - p) / (1 - q)).log()
    return t * t * pairs.mean(1)


def value(student, teacher, _):
    return (student - teacher)[:, 0] ** 2


def own_single(student):
    """The sum over labelled texts, with weights that have the mean 1 over them."""
    wanted = torch.tensor([CLASSES[i] for i in ROWS])
    weights = torch.tensor(WEIGHTS).double()
    summed = F.cross_entropy(
        student[ROWS], wanted, weights, label_smoothing=SMOOTHING, reduction="sum"
    )
    return summed / weights[wanted].mean()


def own_several(student):
    wanted = torch.zeros(TEXTS, LABELS, dtype=torch.double)
    for row, labels in enumerate(SETS):
        wanted[row, labels] = 1
    pairs = F.binary_cross_entropy_with_logits(
        student[ROWS], wanted[ROWS], pos_weight=torch.tensor(WEIGHTS).double(), reduction="none"
    )
    return pairs.mean(1).sum()


def own_value(student):
    return ((student[:, 0] - torch.tensor(VALUES).double())[ROWS] ** 2).sum()


def case(problem_type, soft, own, labels, alpha, temperature):
    student = torch.randn(TEXTS, labels, dtype=torch.double).mul(2).requires_grad_()
    teacher = torch.randn(TEXTS, labels, dtype=torch.double).mul(3)
    loss = alpha * soft(student, teacher, temperature).sum() + (1 - alpha) * own(student)
    loss = loss / TEXTS
    loss.backward()
    return {
        "problem_type": problem_type,
        "alpha": alpha,
        "temperature": temperature,
        "student": student.tolist(),
        "teacher": teacher.tolist(),
        "loss": float(loss.detach()),
        "gradient": student.grad.tolist(),
    }


cases = [
    case(name, soft, own, labels, alpha, temperature)
    for name, soft, own, labels in [
        ("single_label_classification", single, own_single, LABELS),
        ("multi_label_classification", several, own_several, LABELS),
        ("regression", value, own_value, 1),
    ]
    for alpha, temperature in [(0.5, 1.0), (0.3, 2.0), (0.9, 5.0), (1.0, 2.0)]
]
fixture = {
    "labelled": LABELLED,
    "classes": CLASSES,
    "sets": SETS,
    "values": VALUES,
    "weights": WEIGHTS,
    "label_smoothing": SMOOTHING,
    "cases": cases,
}
pathlib.Path("distillation.json").write_text(json.dumps(fixture, indent=1) + "\n")
