package dev.nunchi.model;

import java.util.Optional;

/// What a pickle of tensors may name beside storages and number types.
///
/// A name stands for no code of PyTorch's: [Unpickler] does itself what each means.
enum TorchFunction {
  ORDERED_DICT("collections", "OrderedDict"),
  TENSOR_V1("torch._utils", "_rebuild_tensor"),
  TENSOR_V2("torch._utils", "_rebuild_tensor_v2"),
  TENSOR_V3("torch._utils", "_rebuild_tensor_v3"),
  PARAMETER("torch._utils", "_rebuild_parameter"),
  PARAMETER_WITH_STATE("torch._utils", "_rebuild_parameter_with_state"),
  /// Calls another of these for a tensor that carries attributes.
  FROM_TYPE("torch._tensor", "_rebuild_from_type_v2"),
  TENSOR_CLASS("torch", "Tensor"),
  PARAMETER_CLASS("torch.nn.parameter", "Parameter"),
  SIZE("torch", "Size"),
  DEVICE("torch", "device");

  private final String module;
  private final String function;

  TorchFunction(String module, String function) {
    this.module = module;
    this.function = function;
  }

  static Optional<TorchFunction> of(String module, String function) {
    for (TorchFunction known : values()) {
      if (known.module.equals(module) && known.function.equals(function)) {
        return Optional.of(known);
      }
    }
    return Optional.empty();
  }

  @Override
  public String toString() {
    return module + "." + function;
  }
}
