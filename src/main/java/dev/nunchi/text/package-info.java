/// Korean user text on its way to token ids: [Normalizer], then [TextEncoder], out comes
/// [Encoding]; several of them make a [PaddedBatch]. [VocabularyTrainer] makes a vocabulary where
/// no checkpoint brings one.
///
/// Training and serving run the same code here, with settings that travel in the model directory.
@NullMarked
package dev.nunchi.text;

import org.jspecify.annotations.NullMarked;
