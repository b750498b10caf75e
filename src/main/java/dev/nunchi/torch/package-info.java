/// Networks run and trained by libtorch: tensors with scopes, `TorchNetwork`, the optimisers,
/// frozen weights in NF4 and gradient checkpointing. The only package that sees the binding.
@NullMarked
package dev.nunchi.torch;

import org.jspecify.annotations.NullMarked;
