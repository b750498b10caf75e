"""Writes report.json: what scikit-learn, scipy and the formulas say about the figures of a report.

Run it in this directory with Python 3, numpy, scipy and scikit-learn.
"""

import json
import warnings

import numpy as np
import sklearn
from scipy.special import softmax
from scipy.stats import binomtest
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss, confusion_matrix, log_loss

warnings.filterwarnings("ignore")
BOUNDS = [8, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512]


def calibration(actual, logits, temperature, labels):
    probabilities = softmax(logits / temperature, axis=1)
    confidence = probabilities.max(axis=1)
    correct = probabilities.argmax(axis=1) == actual
    accuracies, confidences = calibration_curve(correct, confidence, n_bins=15)
    counts = np.histogram(-confidence, bins=-np.linspace(0, 1, 16)[::-1])[0][::-1]
    counts = counts[counts > 0]
    gaps = np.abs(accuracies - confidences)
    return {
        "temperature": temperature,
        "log_loss": float(log_loss(actual, probabilities, labels=labels)),
        "brier_score": float(brier_score_loss(actual, probabilities, labels=labels)),
        "expected_calibration_error": float((gaps * counts).sum() / counts.sum()),
        "maximum_calibration_error": float(gaps.max()),
        "counts": counts.tolist(),
        "confidences": confidences.tolist(),
        "accuracies": accuracies.tolist(),
    }


def coverage(actual, probabilities):
    confidence = probabilities.max(axis=1)
    wrong = (probabilities.argmax(axis=1) != actual).astype(float)
    count = len(actual)
    thresholds = np.sort(confidence)[::-1]
    risks = []
    for k in range(1, count + 1):
        above = confidence > thresholds[k - 1]
        tied = confidence == thresholds[k - 1]
        errors = wrong[above].sum() + wrong[tied].mean() * (k - above.sum())
        risks.append(errors / k)
    best = np.sort(wrong).cumsum() / np.arange(1, count + 1)

    def greatest(accuracy):
        fitting = [
            (confidence >= threshold).mean()
            for threshold in thresholds
            if 1 - wrong[confidence >= threshold].mean() >= accuracy
        ]
        return float(max(fitting)) if fitting else None

    return {
        "aurc": float(np.mean(risks)),
        "e_aurc": float(np.mean(risks) - np.mean(best)),
        "accuracies": [1 - float(risk) for risk in risks],
        "thresholds": thresholds.tolist(),
        "coverage_at": {str(accuracy): greatest(accuracy) for accuracy in (0.5, 0.8, 0.9, 1.0)},
    }


def lengths(tokens, correct):
    rows = []
    for low, high in zip([0] + BOUNDS[:-1], BOUNDS):
        inside = (tokens > low) & (tokens <= high)
        if inside.any():
            right = int(correct[inside].sum())
            interval = binomtest(right, int(inside.sum())).proportion_ci(method="wilson")
            rows.append(
                [low + 1, high, int(inside.sum()), right, float(interval.low), float(interval.high)]
            )
    return rows


def pairs(matrix):
    mistakes = matrix.sum() - np.trace(matrix)
    rows = [
        [i, j, int(matrix[i, j]), matrix[i, j] / matrix[i].sum(), matrix[i, j] / mistakes]
        for i in range(len(matrix))
        for j in range(len(matrix))
        if i != j and matrix[i, j]
    ]
    return sorted(rows, key=lambda row: -row[2])


def case(name, names, rows, seed, temperature, scale=2.0, skill=1.5, longest=60, tied=0):
    random = np.random.default_rng(seed)
    count = len(names)
    labels = list(range(count))
    actual = random.choice(count, size=rows)
    logits = random.normal(0, 1, (rows, count))
    logits[np.arange(rows), actual] += skill
    logits = np.round(logits * scale, 4)
    # Rows of the same logits but another label: equal confidence, right and wrong.
    logits[rows - tied :] = logits[:tied]
    tokens = random.integers(3, longest, size=rows)
    probabilities = softmax(logits / temperature, axis=1)
    predicted = probabilities.argmax(axis=1)
    wrong = np.flatnonzero(predicted != actual)
    worst = sorted(wrong.tolist(), key=lambda row: -probabilities[row].max())
    return {
        "name": name,
        "labels": names,
        "actual": actual.tolist(),
        "logits": logits.tolist(),
        "tokens": tokens.tolist(),
        "temperature": temperature,
        "before": calibration(actual, logits, 1.0, labels),
        "after": calibration(actual, logits, temperature, labels),
        "coverage": coverage(actual, probabilities),
        "lengths": lengths(tokens, predicted == actual),
        "confused_pairs": pairs(confusion_matrix(actual, predicted, labels=labels)),
        "worst": worst[:30],
    }


cases = [
    case("binary", ["부정", "긍정"], 120, 1, 1.7),
    case("binary with ties", ["부정", "긍정"], 60, 2, 0.8, tied=25),
    case("three classes", ["부정", "중립", "긍정"], 150, 3, 2.3, longest=200),
    case("four classes", ["무감정", "슬픔", "기쁨", "분노"], 160, 4, 1.4, skill=1.0, tied=40),
    case("every answer right", ["부정", "긍정"], 12, 5, 1.1, skill=9.0),
    case("every answer wrong", ["부정", "중립", "긍정"], 12, 6, 3.0, skill=-9.0),
]
with open("report.json", "w", encoding="utf-8", newline="\n") as file:
    document = {"scikit_learn": sklearn.__version__, "cases": cases}
    json.dump(document, file, ensure_ascii=False, separators=(",", ":"))
    file.write("\n")
