/// From a text to a scored answer. [Classifier] takes texts, a [RunQueue] has those of all models
/// wait for its workers, each model's through a [Scheduler], a worker encodes them and a [Backend]
/// computes logits, [Scores] turns them into probabilities. Adapters run on a [SharedBase]. The
/// only package that sees ONNX Runtime.
@NullMarked
package dev.nunchi.infer;

import org.jspecify.annotations.NullMarked;
