/// What lies on disk: the Hugging Face directory with its safetensors, and our manifest
/// `nunchi.json`; adapters of PEFT with their bases. Start at [Manifest] and [CheckpointDirectory].
@NullMarked
package dev.nunchi.model;

import org.jspecify.annotations.NullMarked;
