"""Writes multi-label.json: what scikit-learn says about small random multi-label predictions.

Run it in this directory with Python 3, numpy, scipy and scikit-learn.
"""

import json
import warnings

import numpy as np
import sklearn
from scipy.special import expit
from scipy.stats import binomtest
from sklearn.calibration import calibration_curve
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    brier_score_loss,
    hamming_loss,
    label_ranking_average_precision_score,
    log_loss,
    multilabel_confusion_matrix,
    precision_recall_fscore_support,
)

warnings.filterwarnings("ignore")


def calibration(actual, probabilities):
    flat = probabilities.ravel()
    shares, means = calibration_curve(actual.ravel(), flat, n_bins=15)
    counts = np.histogram(-flat, bins=-np.linspace(0, 1, 16)[::-1])[0][::-1]
    counts = counts[counts > 0]
    gaps = np.abs(shares - means)
    return {
        "log_loss": float(log_loss(actual.ravel(), flat, labels=[0, 1])),
        "brier_score": float(brier_score_loss(actual.ravel(), flat)),
        "expected_calibration_error": float((gaps * counts).sum() / counts.sum()),
        "maximum_calibration_error": float(gaps.max()),
        "counts": counts.tolist(),
        "confidences": means.tolist(),
        "accuracies": shares.tolist(),
    }


def case(name, names, rows, seed, temperature, density=0.35, never=(), always=(), digits=4):
    random = np.random.default_rng(seed)
    count = len(names)
    actual = (random.random((rows, count)) < density).astype(int)
    actual[:, list(never)] = 0
    actual[:, list(always)] = 1
    # The first texts have no label and all of them.
    actual[0] = 0
    actual[1] = 1
    actual[1, list(never)] = 0
    logits = np.round(random.normal(-0.5, 1.5, (rows, count)) + 2.0 * actual, digits)
    probabilities = expit(logits / temperature)
    predicted = (probabilities >= 0.5).astype(int)
    right = int((predicted == actual).all(axis=1).sum())
    interval = binomtest(right, rows).proportion_ci(method="wilson")
    metrics = {
        "count": rows,
        "subset_accuracy": float(accuracy_score(actual, predicted)),
        "subset_accuracy_low": float(interval.low),
        "subset_accuracy_high": float(interval.high),
        "hamming_loss": float(hamming_loss(actual, predicted)),
    }
    for average in ("micro", "macro", "weighted", "samples"):
        scores = precision_recall_fscore_support(actual, predicted, average=average)
        for figure, value in zip(("precision", "recall", "f1"), scores):
            metrics[f"{average}_{figure}"] = float(value)
    metrics["label_ranking_average_precision"] = float(
        label_ranking_average_precision_score(actual, probabilities)
    )
    metrics["mean_average_precision"] = float(
        average_precision_score(actual, probabilities, average="macro")
    )
    after = calibration(actual, probabilities)
    for figure in ("log_loss", "brier_score", "expected_calibration_error"):
        metrics[figure] = after[figure]
    precision, recall, f1, support = precision_recall_fscore_support(actual, predicted)
    return {
        "name": name,
        "labels": names,
        "actual": actual.astype(bool).tolist(),
        "logits": logits.tolist(),
        "temperature": temperature,
        "metrics": metrics,
        "matrices": multilabel_confusion_matrix(actual, predicted).reshape(count, 4).tolist(),
        "precision": precision.tolist(),
        "recall": recall.tolist(),
        "f1": f1.tolist(),
        "support": support.tolist(),
        "before": calibration(actual, expit(logits)),
        "after": after,
    }


cases = [
    case("four feelings", ["기쁨", "슬픔", "분노", "놀람"], 80, 1, 1.6),
    case("two labels", ["칭찬", "불만"], 50, 2, 0.7),
    # Logits of one digit behind the point: many equal scores.
    case("ties", ["배송", "품질", "가격"], 60, 3, 1.3, digits=0),
    case("a label no text has", ["배송", "품질", "가격", "포장"], 40, 4, 2.0, never=[2]),
    case("a label every text has", ["배송", "품질", "가격"], 40, 5, 1.2, always=[1]),
    case("rare labels", [f"갈래{i}" for i in range(1, 9)], 60, 6, 1.5, density=0.05),
]
with open("multi-label.json", "w", encoding="utf-8", newline="\n") as file:
    document = {"scikit_learn": sklearn.__version__, "cases": cases}
    json.dump(document, file, ensure_ascii=False, separators=(",", ":"))
    file.write("\n")
