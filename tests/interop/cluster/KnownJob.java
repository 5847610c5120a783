import org.apache.flink.api.common.JobStatus;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.ReducingState;
import org.apache.flink.api.common.state.ReducingStateDescriptor;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.connector.source.lib.NumberSequenceSource;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.util.Collector;

import java.io.BufferedReader;
import java.io.File;
import java.io.InputStreamReader;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Jobs whose state is known ({@link Known}), one after the other on a cluster inside this JVM. Each
 * takes the numbers from one to another and then stands still until it has taken a checkpoint of
 * that, and savepoints if asked for.
 *
 * <p>A line of the input is a job, as KEY=VALUE separated by tabs: name, root, from, limit, keys,
 * text (length), parallelism, maxParallelism, restore (name of a job here), savepoints (formats),
 * idle (milliseconds to wait), and options of Flink. Prints NAME, what it took and the directory,
 * separated by tabs.
 */
public class KnownJob {
    private static final AtomicLong NUMBERS = new AtomicLong();
    private static final AtomicLong WORDS = new AtomicLong();

    /** Values, a list, a map and timers, keyed by a number. */
    public static class States extends KeyedProcessFunction<Long, Long, Long> {
        private static final long serialVersionUID = 1;
        private final long keys;
        private final int length;
        private transient ValueState<Long> count;
        private transient ValueState<String> text;
        private transient ListState<Long> list;
        private transient MapState<String, Long> map;
        private transient ReducingState<Long> sum;

        States(long keys, int length) {
            this.keys = keys;
            this.length = length;
        }

        /** Not `open`: its argument is another one in each major release. */
        private void open() {
            count = getRuntimeContext().getState(new ValueStateDescriptor<>("count", Types.LONG));
            text = getRuntimeContext().getState(new ValueStateDescriptor<>("text", Types.STRING));
            list = getRuntimeContext().getListState(new ListStateDescriptor<>("list", Types.LONG));
            map = getRuntimeContext()
                            .getMapState(new MapStateDescriptor<>("map", Types.STRING, Types.LONG));
            sum = getRuntimeContext()
                            .getReducingState(
                                    new ReducingStateDescriptor<>("sum", Long::sum, Types.LONG));
        }

        @Override
        public void processElement(Long number, Context context, Collector<Long> out)
                throws Exception {
            if (count == null) {
                open();
            }
            long key = context.getCurrentKey();
            long round = number / keys;
            long before = count.value() == null ? 0 : count.value();
            if (before != round) {
                throw new IllegalStateException(number + " came after " + before + " others");
            }
            count.update(before + 1);
            sum.add(number);
            if (round % 4 == 1 && key % 5 == 0) {
                text.clear();
            } else {
                text.update(Known.text(number, length));
            }
            if (round % 4 == 3) {
                list.clear();
            } else {
                list.add(number);
            }
            if (round % 3 == 2) {
                map.remove("m" + (round - 1) % 7);
            }
            map.put("m" + round % 7, number);
            if (key % 3 == 0) {
                context.timerService().registerProcessingTimeTimer(Known.DUE + key);
            }
            NUMBERS.incrementAndGet();
            out.collect(number);
        }
    }

    /** A list, keyed by a text. */
    public static class Words extends KeyedProcessFunction<String, Long, Long> {
        private static final long serialVersionUID = 1;
        private final long keys;
        private transient ListState<String> words;

        Words(long keys) {
            this.keys = keys;
        }

        @Override
        public void processElement(Long number, Context context, Collector<Long> out)
                throws Exception {
            if (words == null) {
                words = getRuntimeContext()
                                .getListState(new ListStateDescriptor<>("words", Types.STRING));
            }
            if (number / keys % 9 == 8) {
                words.clear();
            }
            words.add(Known.text(number, 3 + (int) (number % 20)));
            WORDS.incrementAndGet();
        }
    }

    public static void main(String[] args) throws Exception {
        Map<String, File> checkpoints = new HashMap<>();
        BufferedReader lines =
                new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line; (line = lines.readLine()) != null; ) {
            Map<String, String> options = new HashMap<>();
            for (String option : line.split("\t")) {
                String[] parts = option.split("=", 2);
                options.put(parts[0], parts[1]);
            }
            String name = options.get("name");
            try {
                checkpoints.put(name, run(name, options, checkpoints));
            } catch (Exception failure) {
                failure.printStackTrace();
                System.out.println(name + "\tfailed\t" + failure);
            }
        }
        Runtime.getRuntime().halt(0);
    }

    private static File run(String name, Map<String, String> job, Map<String, File> checkpoints)
            throws Exception {
        File root = new File(take(job, "root", ""));
        long from = Long.parseLong(take(job, "from", "0"));
        long limit = Long.parseLong(take(job, "limit", "0"));
        long keys = Long.parseLong(take(job, "keys", "1"));
        int length = Integer.parseInt(take(job, "text", "10"));
        int parallelism = Integer.parseInt(take(job, "parallelism", "2"));
        int maxParallelism = Integer.parseInt(take(job, "maxParallelism", "128"));
        String restore = take(job, "restore", "");
        String savepoints = take(job, "savepoints", "");
        long idle = Long.parseLong(take(job, "idle", "0"));
        job.remove("name");

        Configuration conf = new Configuration();
        // Every spelling of what was renamed: an option nobody knows does no harm.
        for (String option : new String[] {"state.backend", "state.backend.type"}) {
            conf.setString(option, "rocksdb");
        }
        for (String option :
                new String[] {"state.backend.incremental", "execution.checkpointing.incremental"}) {
            conf.setString(option, "true");
        }
        for (String option : new String[] {"state.checkpoints.dir", "execution.checkpointing.dir"}) {
            conf.setString(option, "file:" + root);
        }
        conf.setString("execution.checkpointing.interval", "250ms");
        conf.setString(
                "execution.checkpointing.externalized-checkpoint-retention",
                "RETAIN_ON_CANCELLATION");
        conf.setString("restart-strategy", "none");
        conf.setString("restart-strategy.type", "none");
        conf.setString("rest.bind-port", "0");
        // Small files, so that there are many of them, on several levels.
        conf.setString("state.backend.rocksdb.memory.managed", "false");
        conf.setString("state.backend.rocksdb.writebuffer.size", "256kb");
        conf.setString("state.backend.rocksdb.compaction.level.target-file-size-base", "128kb");
        conf.setString("state.backend.rocksdb.compaction.level.max-size-level-base", "512kb");
        conf.setString("state.backend.rocksdb.timer-service.factory", "ROCKSDB");
        if (!restore.isEmpty()) {
            String directory = "file:" + checkpoints.get(restore);
            for (String option :
                    new String[] {"execution.savepoint.", "execution.state-recovery."}) {
                conf.setString(option + "path", directory);
                // The source is another one.
                conf.setString(option + "ignore-unclaimed-state", "true");
            }
            conf.setString("execution.savepoint-restore-mode", "CLAIM");
            conf.setString("execution.state-recovery.claim-mode", "CLAIM");
        }
        job.forEach(conf::setString);

        NUMBERS.set(from);
        WORDS.set(from);
        StreamExecutionEnvironment env =
                StreamExecutionEnvironment.createLocalEnvironment(parallelism, conf);
        env.setMaxParallelism(maxParallelism);
        env.fromSource(
                        new NumberSequenceSource(from, Long.MAX_VALUE / 2),
                        WatermarkStrategy.noWatermarks(),
                        "Numbers")
                .uid("numbers-" + from)
                .setParallelism(1)
                .filter(
                        number -> {
                            if (number >= limit || number % 100 == 0) {
                                Thread.sleep(1);
                            }
                            return number < limit;
                        })
                .setParallelism(1)
                .uid("limit")
                .keyBy(number -> number % keys, Types.LONG)
                .process(new States(keys, length), Types.LONG)
                .uid("states")
                .keyBy(number -> "k" + number % keys, Types.STRING)
                .process(new Words(keys), Types.LONG)
                .uid("words");
        JobClient client = env.executeAsync(name);
        while (NUMBERS.get() < limit || WORDS.get() < limit) {
            alive(client);
            Thread.sleep(5);
        }
        Thread.sleep(idle);
        File own = new File(root, client.getJobID().toHexString());
        // The next one may have been under way.
        int enough = newest(own, client, -1) + 2;
        newest(own, client, enough - 1);
        for (String format : savepoints.split(",")) {
            if (!format.isEmpty()) {
                String directory = savepoint(client, root + "/" + format, format);
                System.out.println(name + "\t" + format + "\t" + directory.replace("file:", ""));
            }
        }
        client.cancel().get(30, TimeUnit.SECONDS);
        try {
            client.getJobExecutionResult().get(30, TimeUnit.SECONDS);
        } catch (ExecutionException cancelled) {
            // What was asked for; only now is no checkpoint under way any more.
        }
        File checkpoint = new File(own, "chk-" + newest(own, null, enough - 1));
        System.out.println(name + "\tcheckpoint\t" + checkpoint);
        return checkpoint;
    }

    private static String take(Map<String, String> options, String name, String otherwise) {
        String value = options.remove(name);
        return value == null ? otherwise : value;
    }

    /** Takes a savepoint; releases before 1.15 know no formats but the canonical one. */
    private static String savepoint(JobClient client, String root, String format) throws Exception {
        for (Method method : JobClient.class.getMethods()) {
            if (method.getName().equals("triggerSavepoint") && method.getParameterCount() == 2) {
                for (Object known : method.getParameterTypes()[1].getEnumConstants()) {
                    if (known.toString().equalsIgnoreCase(format)) {
                        return done(method.invoke(client, root, known));
                    }
                }
            }
        }
        return done(JobClient.class.getMethod("triggerSavepoint", String.class).invoke(client, root));
    }

    private static String done(Object future) throws Exception {
        return (String) ((CompletableFuture<?>) future).get(60, TimeUnit.SECONDS);
    }

    private static void alive(JobClient client) throws Exception {
        if (client.getJobStatus().get() == JobStatus.FAILED) {
            client.getJobExecutionResult().get();
        }
    }

    /** Waits until there is a complete checkpoint after that one, and returns the newest. */
    private static int newest(File own, JobClient client, int after) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (System.nanoTime() < deadline) {
            int newest = after;
            String[] names = own.list((dir, name) -> name.startsWith("chk-"));
            for (String name : names == null ? new String[0] : names) {
                boolean complete = new File(new File(own, name), "_metadata").exists();
                newest = complete ? Math.max(newest, Integer.parseInt(name.substring(4))) : newest;
            }
            if (newest > after) {
                return newest;
            }
            if (client != null) {
                alive(client);
            }
            Thread.sleep(20);
        }
        throw new IllegalStateException("no checkpoint after a minute");
    }
}
