package dev.nunchi.nn;

/// Which n-grams of a text's tokens are numbered, and into how many numbers: the "hashing trick"
/// (Weinberger et al., 2009, <https://arxiv.org/abs/0902.2206>).
///
/// The n-gram that starts at position `i` has a polynomial hash: `h_0` is the salt, and `h_n` is
/// `(A·h_(n-1) + id_(i+n-1) + 1) mod P`. Its number is `1 + h_n mod (buckets - 1)`; number 0 means
/// that the text ends before the n-gram does. All of it is exact in 64 bits.
///
/// @param least fewest tokens of an n-gram, at least 1
/// @param most most tokens of an n-gram, at least `least`
/// @param buckets numbers in all, 0 among them; at most 2³¹ - 1
/// @param salt in [0, 2³¹ - 1), so that other n-grams of the same tokens have other numbers
public record Ngrams(int least, int most, int buckets, long salt) {
  /// `A`, below `P`, so that a product stays within 62 bits.
  public static final long MULTIPLIER = 1_103_515_245L;

  /// `P`, a prime.
  public static final long MODULUS = Integer.MAX_VALUE;

  public Ngrams {
    if (least < 1 || most < least || buckets < 2 || salt < 0 || salt >= MODULUS) {
      throw new IllegalArgumentException(
          "no n-grams of %d to %d tokens in %d buckets with salt %d"
              .formatted(least, most, buckets, salt));
    }
  }

  /// How many sizes there are.
  public int sizes() {
    return most - least + 1;
  }

  /// Those of one text that do not end after it, in the order of where they start.
  ///
  /// @param ids all tokens of the text
  public int[] numbers(int[] ids) {
    int count = 0;
    for (int n = least; n <= most; n++) {
      count += Math.max(0, ids.length - n + 1);
    }
    int[] numbers = new int[count];
    int next = 0;
    for (int start = 0; start < ids.length; start++) {
      long hash = salt;
      int end = Math.min(ids.length, start + most);
      for (int i = start; i < end; i++) {
        hash = (hash * MULTIPLIER + ids[i] + 1) % MODULUS;
        if (i - start + 1 >= least) {
          // The hash has 31 bits, of which the remainder takes a third of the time of 64.
          numbers[next++] = 1 + (int) hash % (buckets - 1);
        }
      }
    }
    return numbers;
  }
}
