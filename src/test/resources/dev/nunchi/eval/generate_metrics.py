"""Writes metrics.json: what scikit-learn and scipy say about small random predictions.

Run it in this directory with Python 3, numpy, scipy and scikit-learn.
"""

import json
import warnings

import numpy as np
import sklearn
from scipy.optimize import brentq
from scipy.special import log_softmax, softmax
from scipy.stats import binomtest
from sklearn.metrics import (
    accuracy_score,
    brier_score_loss,
    classification_report,
    confusion_matrix,
    log_loss,
    matthews_corrcoef,
    precision_recall_fscore_support,
)

warnings.filterwarnings("ignore")


def averages(actual, predicted, labels, **arguments):
    return [
        float(value)
        for value in precision_recall_fscore_support(
            actual, predicted, labels=labels, **arguments
        )[:3]
    ]


def expected_calibration_error(actual, probabilities, bins=15):
    confidence = probabilities.max(axis=1)
    correct = probabilities.argmax(axis=1) == actual
    bounds = np.linspace(0, 1, bins + 1)
    error = 0.0
    for low, high in zip(bounds[:-1], bounds[1:]):
        inside = (confidence > low) & (confidence <= high)
        if inside.any():
            error += inside.mean() * abs(correct[inside].mean() - confidence[inside].mean())
    return float(error)


PRIOR_TEXTS = 10


def temperature(actual, logits):
    def expected(b):
        return (softmax(b * logits, axis=1) * logits).sum(axis=1).mean()

    observed = logits[np.arange(len(actual)), actual].mean()
    added = PRIOR_TEXTS if observed > expected(1) else 0

    def slope(b):
        return float(len(actual) * (expected(b) - observed) + added * (expected(b) - expected(1)))

    if slope(1 / 20) >= 0:
        return 20.0
    if slope(4) <= 0:
        return 0.25
    return 1 / brentq(slope, 1 / 20, 4, xtol=1e-15, rtol=1e-15)


def case(name, names, rows, seed, never_actual=(), never_predicted=(), scale=2.0, skill=1.5):
    random = np.random.default_rng(seed)
    count = len(names)
    labels = list(range(count))
    present = [label for label in labels if label not in never_actual]
    actual = random.choice(present, size=rows)
    logits = random.normal(0, 1, (rows, count))
    logits[np.arange(rows), actual] += skill
    logits *= scale
    logits[:, list(never_predicted)] -= 30
    logits = np.round(logits, 4)
    probabilities = softmax(logits, axis=1)
    predicted = probabilities.argmax(axis=1)
    interval = binomtest(int((actual == predicted).sum()), rows).proportion_ci(method="wilson")
    precision, recall, f1, support = precision_recall_fscore_support(
        actual, predicted, labels=labels
    )
    result = {
        "name": name,
        "labels": names,
        "actual": actual.tolist(),
        "logits": logits.tolist(),
        "probabilities": probabilities.tolist(),
        "confusion_matrix": confusion_matrix(actual, predicted, labels=labels).tolist(),
        "precision": precision.tolist(),
        "recall": recall.tolist(),
        "f1": f1.tolist(),
        "support": support.tolist(),
        "micro": averages(actual, predicted, labels, average="micro"),
        "macro": averages(actual, predicted, labels, average="macro"),
        "weighted": averages(actual, predicted, labels, average="weighted"),
        "accuracy": float(accuracy_score(actual, predicted)),
        "accuracy_low": float(interval.low),
        "accuracy_high": float(interval.high),
        "matthews_correlation": float(matthews_corrcoef(actual, predicted)),
        "log_loss": float(log_loss(actual, probabilities, labels=labels)),
        "brier_score": float(brier_score_loss(actual, probabilities, labels=labels)),
        "expected_calibration_error": expected_calibration_error(actual, probabilities),
        "temperature": temperature(actual, logits),
        "reports": {
            str(digits): classification_report(
                actual, predicted, labels=labels, target_names=names, digits=digits
            )
            for digits in (0, 2, 4, 14)
        },
    }
    assert abs(result["log_loss"] + log_softmax(logits, axis=1)[np.arange(rows), actual].mean()) < 1e-9
    if count == 2:
        result["binary"] = averages(actual, predicted, labels=None, average="binary", pos_label=1)
    return result


cases = [
    case("binary", ["부정", "긍정"], 40, 1),
    case("three classes", ["부정", "중립", "긍정"], 48, 2),
    case("a class never predicted", ["무감정", "슬픔", "기쁨", "분노"], 40, 3, never_predicted=[1]),
    case("a class never present", ["negative", "neutral", "positive"], 30, 4, never_actual=[1]),
    case(
        "a class neither present nor predicted",
        ["부정", "중립", "긍정", "모름"],
        33,
        5,
        never_actual=[3],
        never_predicted=[3],
    ),
    case("one class alone present", ["부정", "긍정"], 8, 6, never_actual=[0], skill=0.5),
    case("overconfident", ["일상", "이별", "사랑"], 36, 7, scale=8.0, skill=0.8),
    case("every answer right", ["부정", "긍정"], 12, 8, skill=9.0),
    case("worse than chance", ["부정", "긍정"], 12, 9, skill=-4.0),
    case("long names", ["아주 긴 이름을 가진 첫째 갈래", "짧음", "웃음 😀", "e\u0301"], 32, 10),
    case("twelve classes", [f"{stars}점" for stars in range(1, 13)], 60, 11),
]
with open("metrics.json", "w", encoding="utf-8", newline="\n") as file:
    document = {"scikit_learn": sklearn.__version__, "cases": cases}
    json.dump(document, file, ensure_ascii=False, separators=(",", ":"))
    file.write("\n")
