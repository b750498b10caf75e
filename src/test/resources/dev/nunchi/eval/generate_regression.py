"""Writes regression.json: figures of answers to values, by scikit-learn and SciPy.

Needs numpy, scikit-learn and scipy; run from this folder: python generate_regression.py
"""

import json
import pathlib

import numpy as np
from scipy import stats
from sklearn import metrics

random = np.random.default_rng(7)


def interval_of_mean(numbers):
    half = stats.norm.ppf(0.975) * stats.sem(numbers)
    return numbers.mean() - half, numbers.mean() + half


def case(name, actual, answers):
    actual, answers = np.asarray(actual, float), np.asarray(answers, float)
    errors = answers - actual
    pearson = stats.pearsonr(actual, answers)
    pearson_interval = pearson.confidence_interval(0.95)
    spearman = stats.spearmanr(actual, answers).statistic
    half = stats.norm.ppf(0.975) * np.sqrt((1 + spearman**2 / 2) / (len(actual) - 3))
    mae, mse = interval_of_mean(np.abs(errors)), interval_of_mean(errors**2)
    # Least squares of the value by the answer, in sample.
    line = stats.linregress(answers, actual)
    return {
        "name": name,
        "actual": actual.tolist(),
        "answers": answers.tolist(),
        "scale": line.slope,
        "offset": line.intercept,
        "metrics": {
            "count": len(actual),
            "mae": metrics.mean_absolute_error(actual, answers),
            "mae_low": max(0, mae[0]),
            "mae_high": mae[1],
            "rmse": metrics.root_mean_squared_error(actual, answers),
            "rmse_low": max(0, mse[0]) ** 0.5,
            "rmse_high": mse[1] ** 0.5,
            "pearson": pearson.statistic,
            "pearson_low": pearson_interval.low,
            "pearson_high": pearson_interval.high,
            "spearman": spearman,
            "spearman_low": np.tanh(np.arctanh(spearman) - half),
            "spearman_high": np.tanh(np.arctanh(spearman) + half),
            "mse": metrics.mean_squared_error(actual, answers),
            "r2": metrics.r2_score(actual, answers),
            "bias": errors.mean(),
        },
    }


polarity = np.clip(random.normal(0, 0.6, 120), -1, 1)
stars = random.integers(1, 6, 60)
few = random.normal(0, 1, 6)
cases = [
    case("polarity, drawn towards the mean", polarity, 0.6 * polarity + 0.1 + random.normal(0, 0.2, 120)),
    case("stars, with ties", stars, np.round(stars + random.normal(0, 1.2, 60))),
    case("far off", polarity, 3 * polarity - 5 + random.normal(0, 1, 120)),
    case("few", few, few + random.normal(0, 0.7, 6)),
]
pathlib.Path("regression.json").write_text(json.dumps(cases, indent=1) + "\n")
