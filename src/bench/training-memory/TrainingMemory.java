import com.fasterxml.jackson.databind.ObjectMapper;
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
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/// Trains or evaluates a network of random weights on random batches of given shapes and prints how
/// the resident set of the process goes, as training_memory.py does.
///
/// Arguments: train or evaluate, configuration of the network, file of batches (a line `rows seq`
/// each), compute type (fp32 or bf16), threads, batches between two printed ones.
public final class TrainingMemory {
  public static void main(String[] args) throws IOException {
    // Before anything else of libtorch, which reads what this settles when it loads.
    TorchRuntime.load(Integer.parseInt(args[4]));
    boolean train = args[0].equals("train");
    int every = Integer.parseInt(args[5]);
    Network network = Network.of(new ObjectMapper().readTree(Path.of(args[1]).toFile()));
    List<String> batches = Files.readAllLines(Path.of(args[2]));
    print("start", 0);
    long start = System.nanoTime();
    try (TorchNetwork torch = new TorchNetwork(network, Weights.NONE)) {
      print("weights", start);
      TorchTrainer trainer = train ? trainer(torch, args[3]) : null;
      Random random = new Random(1);
      for (int step = 1; step <= batches.size(); step++) {
        String[] shape = batches.get(step - 1).split(" ");
        PaddedBatch batch =
            batch(network, Integer.parseInt(shape[0]), Integer.parseInt(shape[1]), random);
        if (trainer == null) {
          torch.logits(batch);
        } else {
          Targets labels =
              new Targets.Labels(
                  random
                      .ints(batch.batch(), 0, network.labels())
                      .mapToObj(label -> new int[] {label})
                      .toArray(int[][]::new));
          trainer.accumulate(batch, labels, 1);
          trainer.clip();
          trainer.step(1e-4);
        }
        if (step % every == 0 || step == 1) {
          print(Integer.toString(step), start);
        }
      }
      if (trainer != null) {
        trainer.close();
      }
    }
    System.out.printf(Locale.ROOT, "peak %.1f%n", megabytes("VmHWM:"));
  }

  private static TorchTrainer trainer(TorchNetwork torch, String type) {
    return new TorchTrainer(
        torch,
        new TorchTrainer.Settings(
            ComputeType.valueOf(type.toUpperCase(Locale.ROOT)),
            CrossEntropy.PLAIN,
            new OptimizerSettings.AdamW(0.9, 0.999, 1e-8, 0.01, 1),
            1,
            Averaging.NONE,
            Freezing.NONE,
            false,
            1));
  }

  /// Rows of near-equal length, padded to the longest.
  private static PaddedBatch batch(Network network, int rows, int seq, Random random) {
    long[] ids = new long[rows * seq];
    long[] mask = new long[ids.length];
    Arrays.fill(ids, network.padTokenId());
    for (int row = 0; row < rows; row++) {
      int length = row == 0 ? seq : Math.max(1, seq - random.nextInt(8));
      for (int i = row * seq; i < row * seq + length; i++) {
        ids[i] = 5 + random.nextInt(network.vocabularySize() - 5);
      }
      Arrays.fill(mask, row * seq, row * seq + length, 1);
    }
    return new PaddedBatch(rows, seq, ids, mask, new long[ids.length]);
  }

  private static void print(String what, long start) throws IOException {
    System.out.printf(
        Locale.ROOT,
        "| %7s | %9.1f MB | %9.1f MB | %7.1f |%n",
        what,
        megabytes("VmRSS:"),
        megabytes("VmHWM:"),
        start == 0 ? 0 : (System.nanoTime() - start) / 1e9);
  }

  private static double megabytes(String key) throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      if (line.startsWith(key)) {
        return Long.parseLong(line.replaceAll("\\D", "")) / 1024.0;
      }
    }
    throw new IllegalStateException("/proc/self/status has no " + key);
  }
}
