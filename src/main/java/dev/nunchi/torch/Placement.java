package dev.nunchi.torch;

import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.DeviceOptional;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.DeviceType;
import org.bytedeco.pytorch.global.torch.ScalarType;

/// Where the tensors of a network are and in which type its parameters are held.
///
/// All of them are in one place: made there, or made by the host, this process, and brought there.
/// What Java reads or writes has to be the host's.
///
/// @param device of several GPUs the first
record Placement(DeviceType device, ScalarType type) {
  /// With the host, in fp32.
  static final Placement CPU = new Placement(DeviceType.CPU, ScalarType.Float);

  boolean isHost() {
    return device == DeviceType.CPU;
  }

  /// Of tensors in the parameters' type.
  TensorOptions options() {
    return options(type);
  }

  TensorOptions options(ScalarType type) {
    return options(type, new Device(device));
  }

  private static TensorOptions options(ScalarType type, Device device) {
    return new TensorOptions(type).device(new DeviceOptional(device));
  }

  /// Options of a tensor in the place of another one.
  static TensorOptions optionsBeside(Tensor neighbour, ScalarType type) {
    return options(type, neighbour.device());
  }

  /// Numbers in this place.
  Tensor tensor(float[] numbers) {
    return put(torch.tensor(numbers));
  }

  /// Whole numbers in this place.
  Tensor tensor(long[] numbers) {
    return put(torch.tensor(numbers));
  }

  /// The whole numbers from 0 up to a bound, in this place.
  Tensor range(long bound) {
    return torch.arange(new Scalar(bound), options(ScalarType.Long));
  }

  /// A tensor of the host's in this place; the host may then write over its memory.
  Tensor put(Tensor host) {
    return isHost() ? host : host.to(new Device(device), host.scalar_type());
  }

  /// Whole numbers in this place; to a GPU from pinned memory, so that the host goes on while they
  /// are copied.
  Tensor send(long[] numbers) {
    Tensor host = torch.tensor(numbers);
    return device == DeviceType.CUDA
        ? host.pin_memory()
            .to(
                new Device(device),
                host.scalar_type().intern(),
                true,
                false,
                new MemoryFormatOptional())
        : put(host);
  }

  /// Numbers in the place of another tensor.
  static Tensor beside(float[] numbers, Tensor neighbour) {
    return torch.tensor(numbers).to(neighbour.device(), ScalarType.Float);
  }

  /// Whole numbers in the place of another tensor.
  static Tensor beside(long[] numbers, Tensor neighbour) {
    return torch.tensor(numbers).to(neighbour.device(), ScalarType.Long);
  }
}
