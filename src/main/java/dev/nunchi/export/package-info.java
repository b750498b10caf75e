/// A network as an ONNX graph: `OnnxOps` emits it, the gate proves it against the probe. Start at
/// `OnnxExporter`.
@NullMarked
package dev.nunchi.export;

import org.jspecify.annotations.NullMarked;
