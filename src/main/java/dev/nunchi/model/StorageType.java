package dev.nunchi.model;

import dev.nunchi.nn.ElementType;
import java.util.Optional;

/// The class of a PyTorch storage, by its name in `torch` or `torch.cuda`.
enum StorageType {
  DOUBLE("DoubleStorage", "float64", ElementType.F64),
  FLOAT("FloatStorage", "float32", ElementType.F32),
  HALF("HalfStorage", "float16", ElementType.F16),
  BFLOAT16("BFloat16Storage", "bfloat16", ElementType.BF16),
  LONG("LongStorage", "int64", ElementType.I64),
  INT("IntStorage", "int32", ElementType.I32),
  SHORT("ShortStorage", "int16", ElementType.I16),
  CHAR("CharStorage", "int8", ElementType.I8),
  BYTE("ByteStorage", "uint8", ElementType.U8),
  BOOL("BoolStorage", "bool", ElementType.BOOL),
  /// Bytes, whose meaning the tensor over them says.
  UNTYPED("UntypedStorage", "", ElementType.U8);

  private final String className;
  private final String dtype;
  private final ElementType elements;

  StorageType(String className, String dtype, ElementType elements) {
    this.className = className;
    this.dtype = dtype;
    this.elements = elements;
  }

  ElementType elements() {
    return elements;
  }

  /// By the class, as a pickle names it; releases of PyTorch had an underscore before the untyped
  /// one.
  static Optional<StorageType> ofClass(String module, String name) {
    boolean known =
        module.equals("torch") || module.equals("torch.cuda") || module.equals("torch.storage");
    for (StorageType type : values()) {
      if (known && (name.equals(type.className) || name.equals("_" + type.className))) {
        return Optional.of(type);
      }
    }
    return Optional.empty();
  }

  /// By `torch.float32` and its like.
  static Optional<StorageType> ofDtype(String module, String name) {
    for (StorageType type : values()) {
      if (module.equals("torch") && name.equals(type.dtype)) {
        return Optional.of(type);
      }
    }
    return Optional.empty();
  }
}
