/// How good predictions are: pure arithmetic over label indices and probabilities, equal to
/// scikit-learn's, and the report that shows it.
///
/// In come labels and logits, out go figures by name and a page of HTML. Start at
/// [EvaluationReport], or for several labels a text at [MultiLabelReport]; single figures at
/// [ConfusionMatrix] and [ClassificationReport].
@NullMarked
package dev.nunchi.eval;

import org.jspecify.annotations.NullMarked;
