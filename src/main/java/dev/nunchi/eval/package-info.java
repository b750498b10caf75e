/// How good predictions are: pure arithmetic over label indices and probabilities, equal to
/// scikit-learn's. Start at [EvaluationResult], or at [ConfusionMatrix] and [ClassificationReport].
@NullMarked
package dev.nunchi.eval;

import org.jspecify.annotations.NullMarked;
