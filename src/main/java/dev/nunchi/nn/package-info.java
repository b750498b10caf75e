/// Networks, written once against [Ops] and read by several interpreters.
///
/// A layer is a record of a name and sizes; the interpreter owns the weights and finds them by that
/// name, which is the checkpoint's own (`bert.encoder.layer.0.attention.self.query`), so that
/// published checkpoints need no renaming table. Start at [Network], then [Bert] and [Ops], or
/// [Llama] and [Decoder]; [Family] lists the families, of which [NgramLinear] and [TextCnn] are no
/// transformers. [Lora] adapts any of them.
///
/// Axes of the shapes in this package:
///
/// | axis | means |
/// | --- | --- |
/// | `batch` | texts |
/// | `seq` | tokens of the longest text in the batch, padding included |
/// | `hidden` | width of the residual stream |
/// | `embed` | width of the embeddings, `hidden` unless the family projects them |
/// | `heads`, `head_dim` | attention heads and their width |
/// | `inner` | width inside the feed-forward block |
/// | `labels` | classes |
/// | `in`, `out` | a linear layer's widths; weights are stored `[out, in]` |
@NullMarked
package dev.nunchi.nn;

import org.jspecify.annotations.NullMarked;
