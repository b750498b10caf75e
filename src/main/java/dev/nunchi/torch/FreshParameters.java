package dev.nunchi.torch;

import dev.nunchi.nn.Parameter;
import org.bytedeco.pytorch.Generator;
import org.bytedeco.pytorch.GeneratorOptional;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/// The values that parameters begin with where no weights are given for them.
///
/// @param standardDeviation of normal values, `initializer_range`
/// @param seed of all that one network draws: the same one gives the same network on every device,
///   whatever else this process draws
public record FreshParameters(double standardDeviation, long seed) {
  /// As BERT begins.
  public static final FreshParameters USUAL = new FreshParameters(0.02, 42);

  /// In the order of one network's parameters; one thread.
  Draws draws() {
    return new Draws(standardDeviation, torch.createCPUGenerator(seed));
  }

  /// What one network draws, by the host.
  record Draws(double standardDeviation, Generator generator) {
    Tensor next(Parameter parameter, ScalarType type) {
      long[] shape = TensorMemory.sizes(parameter.shape());
      TensorOptions host = new TensorOptions(type);
      return switch (parameter.initial()) {
        case ZEROS -> torch.zeros(shape, host);
        case ONES -> torch.ones(shape, host);
        case UNIFORM -> {
          double bound = 1 / Math.sqrt(parameter.shape().getLast());
          yield empty(shape, host).uniform_(-bound, bound, new GeneratorOptional(generator));
        }
        case NORMAL -> {
          Tensor table =
              empty(shape, host).normal_(0, standardDeviation, new GeneratorOptional(generator));
          if (parameter.zeroRow() >= 0) {
            table.select(0, parameter.zeroRow()).zero_();
          }
          yield table;
        }
      };
    }

    private static Tensor empty(long[] shape, TensorOptions options) {
      return torch.empty(shape, options, new MemoryFormatOptional());
    }
  }
}
