import com.fasterxml.jackson.databind.ObjectMapper;
import dev.nunchi.nn.Lora;
import dev.nunchi.nn.Modules;
import dev.nunchi.nn.Network;
import dev.nunchi.nn.Weights;
import dev.nunchi.text.PaddedBatch;
import dev.nunchi.torch.Averaging;
import dev.nunchi.torch.ComputeType;
import dev.nunchi.torch.CrossEntropy;
import dev.nunchi.torch.Freezing;
import dev.nunchi.torch.OptimizerSettings;
import dev.nunchi.torch.Targets;
import dev.nunchi.torch.TorchNetwork;
import dev.nunchi.torch.TorchRuntime;
import dev.nunchi.torch.TorchTrainer;
import java.io.File;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Random;

/// Prints the training steps a second of a network; `training_step.py` does the same in PyTorch,
/// with the same batch, optimiser, clipping and threads.
///
/// Arguments: compute type (fp32 or bf16), threads, rows, tokens in a row, steps, configuration,
/// and optionally the rank of adapters on all linear layers, which are then what is trained.
public final class TrainingStep {
  private static final int WARM_UP = 5;

  public static void main(String[] args) throws Exception {
    // Before anything else of libtorch, which reads what this settles when it loads.
    TorchRuntime.load(Integer.parseInt(args[1]));
    ComputeType type = ComputeType.valueOf(args[0].toUpperCase(Locale.ROOT));
    int rows = Integer.parseInt(args[2]);
    int seq = Integer.parseInt(args[3]);
    int steps = Integer.parseInt(args[4]);
    Network plain = Network.of(new ObjectMapper().readTree(new File(args[5])));
    int rank = args.length > 6 ? Integer.parseInt(args[6]) : 0;
    Network network = rank == 0 ? plain : plain.adapted(lora(rank));
    Random random = new Random(1);
    long[] ids = random.longs((long) rows * seq, 5, network.vocabularySize()).toArray();
    long[] mask = new long[ids.length];
    Arrays.fill(mask, 1);
    PaddedBatch batch = new PaddedBatch(rows, seq, ids, mask, new long[ids.length]);
    Targets labels =
        new Targets.Labels(
            random
                .ints(rows, 0, network.labels())
                .mapToObj(label -> new int[] {label})
                .toArray(int[][]::new));
    try (TorchNetwork torch = new TorchNetwork(network, Weights.NONE);
        TorchTrainer trainer =
            new TorchTrainer(
                torch,
                new TorchTrainer.Settings(
                    type,
                    CrossEntropy.PLAIN,
                    new OptimizerSettings.AdamW(0.9, 0.999, 1e-8, 0.01, 1),
                    1,
                    Averaging.NONE,
                    Freezing.NONE,
                    false,
                    1))) {
      run(trainer, batch, labels, WARM_UP);
      long start = System.nanoTime();
      run(trainer, batch, labels, steps);
      System.out.printf(Locale.ROOT, "%.3f%n", steps / ((System.nanoTime() - start) / 1e9));
    }
  }

  /// Of all linear layers.
  private static Lora lora(int rank) {
    return new Lora(
        rank,
        2 * rank,
        0.05,
        Optional.of(new Modules.All()),
        Modules.NONE,
        new LinkedHashMap<>(),
        new LinkedHashMap<>(),
        false,
        false,
        List.of());
  }

  private static void run(TorchTrainer trainer, PaddedBatch batch, Targets labels, int steps) {
    for (int step = 0; step < steps; step++) {
      trainer.accumulate(batch, labels, 1);
      trainer.clip();
      trainer.step(1e-4);
    }
  }
}
