/// From labelled texts to a checkpoint: recipe, batches, schedule, loop, the best model kept. Start
/// at `Trainer`.
@NullMarked
package dev.nunchi.train;

import org.jspecify.annotations.NullMarked;
