import org.apache.flink.api.common.JobStatus;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.connector.source.lib.NumberSequenceSource;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.util.Collector;

import java.io.File;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Counts the numbers 0, 1, 2, ... by their remainder modulo 100 in RocksDB, on a cluster inside this
 * JVM, until a few checkpoints are complete, and is cancelled. Arguments: CHECKPOINT_ROOT, and
 * optionally the checkpoint directory from which to go on.
 *
 * <p>Every number knows how many went before it, so that a state that was lost or is another one is
 * noticed at once: the job then fails. Prints the first and the last number it saw.
 */
public class CountingJob {
    private static final int KEYS = 100;
    private static final int CHECKPOINTS = 3;
    /** The cluster is in this JVM. */
    static final AtomicLong FIRST = new AtomicLong(-1);

    static final AtomicLong LAST = new AtomicLong(-1);

    public static class Count extends KeyedProcessFunction<Long, Long, Long> {
        private static final long serialVersionUID = 1;
        private transient ValueState<Long> count;

        @Override
        public void processElement(Long number, Context context, Collector<Long> out)
                throws Exception {
            if (count == null) {
                ValueStateDescriptor<Long> state = new ValueStateDescriptor<>("count", Types.LONG);
                count = getRuntimeContext().getState(state);
            }
            long before = count.value() == null ? 0 : count.value();
            if (before != number / KEYS) {
                throw new IllegalStateException(number + " came after " + before + " others");
            }
            count.update(before + 1);
            FIRST.compareAndSet(-1, number);
            LAST.set(number);
            if (number % 50 == 0) {
                Thread.sleep(1);
            }
        }
    }

    public static void main(String[] args) throws Exception {
        File root = new File(args[0]);
        Configuration conf = new Configuration();
        // Both spellings of what was renamed with 2.0: an option nobody knows does no harm.
        conf.setString("state.backend.type", "rocksdb");
        conf.setString("state.backend.incremental", "true");
        conf.setString("execution.checkpointing.incremental", "true");
        conf.setString("state.checkpoints.dir", "file:" + root);
        conf.setString("execution.checkpointing.dir", "file:" + root);
        conf.setString("execution.checkpointing.interval", "300ms");
        conf.setString("execution.checkpointing.externalized-checkpoint-retention", RETAIN);
        conf.setString("state.storage.fs.memory-threshold", "0");
        conf.setString("execution.checkpointing.data-inline-threshold", "0b");
        conf.setString("restart-strategy.type", "none");
        conf.setString("rest.bind-port", "0");
        if (args.length > 1) {
            conf.setString("execution.savepoint.path", "file:" + args[1]);
            conf.setString("execution.state-recovery.path", "file:" + args[1]);
        }
        StreamExecutionEnvironment env = StreamExecutionEnvironment.createLocalEnvironment(1, conf);
        env.fromSource(
                        new NumberSequenceSource(0, Long.MAX_VALUE / 2),
                        WatermarkStrategy.noWatermarks(),
                        "Numbers")
                .uid("numbers")
                .keyBy(number -> number % KEYS, Types.LONG)
                .process(new Count(), Types.LONG)
                .uid("count");
        JobClient job = env.executeAsync("counting");
        File own = new File(root, job.getJobID().toHexString());
        int enough = newest(own, job, -1) + CHECKPOINTS;
        newest(own, job, enough - 1);
        job.cancel().get(30, TimeUnit.SECONDS);
        try {
            job.getJobExecutionResult().get(30, TimeUnit.SECONDS);
        } catch (ExecutionException cancelled) {
            // What was asked for; only now is no checkpoint under way any more.
        }
        File newest = new File(own, "chk-" + newest(own, null, enough - 1));
        System.out.println("first " + FIRST + " last " + LAST + " checkpoint " + newest);
        Runtime.getRuntime().halt(0);
    }

    private static final String RETAIN = "RETAIN_ON_CANCELLATION";

    /** Waits until there is a complete checkpoint after that one, and returns the newest. */
    private static int newest(File own, JobClient job, int after) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (System.nanoTime() < deadline) {
            int newest = after;
            String[] names = own.list((dir, name) -> name.startsWith("chk-"));
            for (String name : names == null ? new String[0] : names) {
                int number = Integer.parseInt(name.substring(4));
                boolean complete = new File(new File(own, name), "_metadata").exists();
                newest = complete ? Math.max(newest, number) : newest;
            }
            if (newest > after) {
                return newest;
            }
            if (job != null && job.getJobStatus().get() == JobStatus.FAILED) {
                job.getJobExecutionResult().get();
            }
            Thread.sleep(20);
        }
        throw new IllegalStateException("no checkpoint after a minute");
    }
}
