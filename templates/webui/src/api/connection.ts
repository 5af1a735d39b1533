// Watches whether the program is loading its model, ready, or closed.

type Health = "ready" | "loading" | "closed" | "unknown";

export type ConnectionState = "loading" | "ready" | "closed";

const waitingPollMs = 500;
const readyPollMs = 5000;
const healthTimeoutMs = 5000;

export class Connection {
  state: ConnectionState = "loading";
  private readonly listeners: ((state: ConnectionState, before: ConnectionState) => void)[] = [];
  private waiting: (() => void)[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;
  private checking: Promise<void> | null = null;

  /**
   * `meet` asks which program answers after it was away, and returns false if that fails. Listeners hear that the
   * program is there only after `meet` has succeeded. `met`: whether `meet` has already succeeded.
   */
  constructor(
    private readonly meet: () => Promise<boolean>,
    private met: boolean,
  ) {}

  onChange(listener: (state: ConnectionState, before: ConnectionState) => void): void {
    this.listeners.push(listener);
  }

  /** Starts to watch. A page in the background asks nothing while the program is ready. */
  start(): void {
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) void this.check();
    });
    void this.check();
  }

  /** Asks now instead of waiting for the next poll, for example after a request failed. */
  check(): Promise<void> {
    this.checking ??= this.ask();
    return this.checking;
  }

  /** Whether the model is ready. Only a request that starts after this call decides. */
  async isReady(): Promise<boolean> {
    await this.checking;
    await this.check();
    return this.state === "ready";
  }

  /** Resolves when the model is ready. Rejects if `signal` aborts first. */
  whenReady(signal: AbortSignal): Promise<void> {
    if (this.state === "ready") return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.waiting.push(resolve);
      signal.addEventListener("abort", () => reject(new Error("aborted")), { once: true });
    });
  }

  private async ask(): Promise<void> {
    clearTimeout(this.timer);
    const health = await checkHealth();
    if (health === "closed") this.met = false;
    else if (health !== "unknown" && !this.met) await this.meetAgain();
    this.checking = null;
    if (health === "closed" || (health !== "unknown" && this.met)) this.change(health);
    this.timer = setTimeout(() => this.poll(), this.state === "ready" ? readyPollMs : waitingPollMs);
  }

  private async meetAgain(): Promise<void> {
    this.change("loading");
    this.met = await this.meet();
  }

  private poll(): void {
    if (document.hidden && this.state === "ready") return;
    void this.check();
  }

  private change(state: ConnectionState): void {
    const before = this.state;
    if (state === before) return;
    this.state = state;
    for (const listener of this.listeners) listener(state, before);
    if (state !== "ready") return;
    const waiting = this.waiting;
    this.waiting = [];
    for (const resolve of waiting) resolve();
  }
}

/** "unknown" means that no answer came in time: the machine is busy, but the program may not be closed. */
async function checkHealth(): Promise<Health> {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), healthTimeoutMs);
  try {
    const response = await fetch("health", { signal: abort.signal, cache: "no-store" });
    return response.status === 503 ? "loading" : "ready";
  } catch {
    return abort.signal.aborted ? "unknown" : "closed";
  } finally {
    clearTimeout(timer);
  }
}
