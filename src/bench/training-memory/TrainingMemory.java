import com.fasterxml.jackson.databind.ObjectMapper;
import dev.nunchi.nn.Network;
import dev.nunchi.nn.Weights;
import dev.nunchi.text.PaddedBatch;
import dev.nunchi.torch.ComputeType;
import dev.nunchi.torch.CrossEntropy;
import dev.nunchi.torch.OptimizerSettings;
import dev.nunchi.torch.TorchNetwork;
import dev.nunchi.torch.TorchRuntime;
import dev.nunchi.torch.TorchTrainer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/// Trains a small network on random batches of many shapes and prints how the resident set of the
/// process goes.
///
/// Arguments: compute type (fp32 or bf16), threads, steps.
public final class TrainingMemory {
  private static final String CONFIG =
      """
      {"model_type": "bert", "vocab_size": 8000, "hidden_size": 128, "num_hidden_layers": 2,
       "num_attention_heads": 4, "intermediate_size": 512, "hidden_act": "gelu",
       "hidden_dropout_prob": 0.1, "attention_probs_dropout_prob": 0.0,
       "max_position_embeddings": 128, "type_vocab_size": 2, "pad_token_id": 0, "num_labels": 2}
      """;
  private static final int TOKENS_PER_BATCH = 2048;
  private static final int EVERY = 100;
  private static final int WARM_UP = 300;
  private static final int TAIL = 300;

  public static void main(String[] args) throws Exception {
    // Before anything else of libtorch, which reads what this settles when it loads.
    TorchRuntime.load(Integer.parseInt(args[1]));
    ComputeType type = ComputeType.valueOf(args[0].toUpperCase(Locale.ROOT));
    int steps = Integer.parseInt(args[2]);
    TorchRuntime.seed(1);
    Network network = Network.of(new ObjectMapper().readTree(CONFIG));
    Random random = new Random(1);
    List<Long> resident = new ArrayList<>();
    long start = System.nanoTime();
    System.out.println("| step | resident set | seconds |\n| ---- | ------------ | ------- |");
    try (TorchNetwork torch = new TorchNetwork(network, Weights.NONE, 0.02);
        TorchTrainer trainer =
            new TorchTrainer(
                torch,
                new TorchTrainer.Settings(
                    type,
                    CrossEntropy.PLAIN,
                    new OptimizerSettings.AdamW(0.9, 0.999, 1e-8, 0.01, 1),
                    1,
                    0,
                    1))) {
      for (int step = 1; step <= steps; step++) {
        PaddedBatch batch = batch(network, random);
        int[][] labels =
            random
                .ints(batch.batch(), 0, network.labels())
                .mapToObj(label -> new int[] {label})
                .toArray(int[][]::new);
        trainer.accumulate(batch, labels, 1);
        trainer.clip();
        trainer.step(1e-4);
        if (step % EVERY == 0) {
          resident.add(residentKilobytes());
          System.out.printf(
              Locale.ROOT,
              "| %4d | %9.1f MB | %7.1f |%n",
              step,
              resident.getLast() / 1024.0,
              (System.nanoTime() - start) / 1e9);
        }
      }
    }
    if (steps >= WARM_UP + TAIL) {
      double base = resident.get(WARM_UP / EVERY - 1);
      List<Long> tail = resident.subList(resident.size() - TAIL / EVERY, resident.size());
      List<Long> after = resident.subList(WARM_UP / EVERY, resident.size());
      System.out.printf(
          Locale.ROOT,
          "growth after step %d: %.1f %% (mean of the last %d steps), %.1f %% (highest)%n",
          WARM_UP,
          100 * (tail.stream().mapToLong(Long::longValue).average().orElseThrow() / base - 1),
          TAIL,
          100 * (after.stream().mapToLong(Long::longValue).max().orElseThrow() / base - 1));
    }
  }

  /// Rows of 1 to 128 tokens, padded to the longest, as many as go into the budget.
  private static PaddedBatch batch(Network network, Random random) {
    int seq = 8 + random.nextInt(121);
    int rows = Math.max(1, TOKENS_PER_BATCH / seq);
    long[] ids = new long[rows * seq];
    long[] mask = new long[ids.length];
    for (int row = 0; row < rows; row++) {
      int length = row == 0 ? seq : Math.max(1, seq - random.nextInt(8));
      for (int i = row * seq; i < row * seq + length; i++) {
        ids[i] = 5 + random.nextInt(network.vocabularySize() - 5);
      }
      Arrays.fill(mask, row * seq, row * seq + length, 1);
    }
    return new PaddedBatch(rows, seq, ids, mask, new long[ids.length]);
  }

  private static long residentKilobytes() throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      if (line.startsWith("VmRSS:")) {
        return Long.parseLong(line.replaceAll("\\D", ""));
      }
    }
    throw new IllegalStateException("/proc/self/status has no VmRSS");
  }
}
