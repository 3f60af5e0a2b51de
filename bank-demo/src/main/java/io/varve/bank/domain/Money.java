package io.varve.bank.domain;

import java.math.BigDecimal;
import java.math.RoundingMode;

/**
 * An exact sum of money, in cents. Never a float: sums are added and compared without rounding, and
 * the one place that rounds ({@link #times}) says how.
 *
 * <p>One command moves at most {@link #MAX_AMOUNT}, and an account holds at most {@link
 * #MAX_BALANCE}. The limits leave room twice over: cents never overflow a long, and a reader whose
 * JSON numbers are doubles still tells every two amounts apart.
 */
public record Money(long cents) implements Comparable<Money> {

  public static final Money ZERO = new Money(0);
  public static final Money MAX_AMOUNT = new Money(1_000_000_000_00L);
  public static final Money MAX_BALANCE = new Money(1_000_000_000_000_00L);

  /**
   * The given number of currency units, exactly.
   *
   * @throws ArithmeticException when it has a fraction of a cent or does not fit
   */
  public static Money of(BigDecimal units) {
    return new Money(units.movePointRight(2).longValueExact());
  }

  public static Money of(String units) {
    return of(new BigDecimal(units));
  }

  public Money plus(Money other) {
    return new Money(Math.addExact(cents, other.cents));
  }

  public Money minus(Money other) {
    return new Money(Math.subtractExact(cents, other.cents));
  }

  /** This sum times a factor, rounded to the nearest cent; half a cent goes to the even one. */
  public Money times(BigDecimal factor) {
    return of(toBigDecimal().multiply(factor).setScale(2, RoundingMode.HALF_EVEN));
  }

  public boolean isPositive() {
    return cents > 0;
  }

  public boolean isNegative() {
    return cents < 0;
  }

  public boolean isZero() {
    return cents == 0;
  }

  public boolean exceeds(Money other) {
    return cents > other.cents;
  }

  /** Always with two decimals. */
  public BigDecimal toBigDecimal() {
    return BigDecimal.valueOf(cents, 2);
  }

  @Override
  public int compareTo(Money other) {
    return Long.compare(cents, other.cents);
  }

  /** Plain decimal text with two decimals, as {@code 12.50}. */
  @Override
  public String toString() {
    return toBigDecimal().toPlainString();
  }
}
