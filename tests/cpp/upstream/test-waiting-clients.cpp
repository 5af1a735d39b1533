#include "server-queue.h"

#include <doctest.h>

#include <atomic>
#include <thread>

// A queue whose loop decodes nothing. Each round calls `during` instead of decoding a batch.
struct looping_queue {
    server_queue          queue;
    server_response       results;
    std::vector<int>      cancelled;
    std::function<void()> during;

    looping_queue() {
        queue.on_new_task([this](server_task && task, bool) {
            if (task.type == SERVER_TASK_TYPE_CANCEL) {
                cancelled.push_back(task.id_target);
            }
            return true;
        });
        queue.on_update_slots([this] {
            server_task next(SERVER_TASK_TYPE_NEXT_RESPONSE);
            next.id = queue.get_new_id();
            queue.post(std::move(next));
            during();
        });
    }
};

static void post_three(server_response_reader & reader) {
    std::vector<server_task> tasks;
    for (int i = 0; i < 3; i++) {
        server_task task(SERVER_TASK_TYPE_COMPLETION);
        task.id = reader.get_new_id();
        tasks.push_back(std::move(task));
    }
    reader.post_tasks(std::move(tasks));
}

TEST_CASE("before the next batch all tasks of a client that left are cancelled") {
    static constexpr int        max_rounds = 1000000;  // ends the loop if nobody asks
    looping_queue               loop;
    std::atomic<bool>           asked       = false;
    std::atomic<bool>           left        = false;
    size_t                      seen        = 0;
    int                         rounds      = 0;
    const std::function<bool()> should_stop = [&] {
        asked = true;
        return left.load();
    };
    server_response_reader reader(loop.queue, loop.results, 3600);
    post_three(reader);
    const auto ids = reader.id_tasks;

    loop.during = [&] {
        if (left) {
            seen = loop.cancelled.size();
            loop.queue.terminate();
        }
        // the client leaves while a batch is decoded
        left = asked || ++rounds > max_rounds;
        std::this_thread::yield();
    };
    std::thread waiting([&] { reader.next(should_stop); });
    loop.queue.start_loop();
    CHECK(seen == 3);
    CHECK(std::unordered_set<int>(loop.cancelled.begin(), loop.cancelled.end()) == ids);

    auto result = std::make_unique<server_task_result_error>();  // ends the wait
    result->id  = *ids.begin();
    loop.results.send(std::move(result));
    waiting.join();
}

TEST_CASE("others' results do not prolong a wait") {
    static constexpr auto far_too_long = std::chrono::seconds(30);
    server_response       results;
    results.add_waiting_task_ids({ 1, 2 });
    std::atomic<bool> done = false;
    std::thread       others([&] {
        const auto end = std::chrono::steady_clock::now() + far_too_long;
        while (!done && std::chrono::steady_clock::now() < end) {
            auto result = std::make_unique<server_task_result_error>();
            result->id  = 2;
            results.send(std::move(result));
            results.recv(2);
        }
    });
    const auto        began  = std::chrono::steady_clock::now();
    const bool        nobody = results.recv_with_timeout({ 1 }, 1) == nullptr;
    done                     = true;
    others.join();
    CHECK(nobody);
    CHECK(std::chrono::steady_clock::now() - began < far_too_long);
}
