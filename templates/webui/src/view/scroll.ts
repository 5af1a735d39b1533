// Follows the growing text until the reader scrolls up, and again after they return to the end.

import { byId } from "../browser/dom";

/** Within this distance of the end, in CSS pixels, the reader counts as being at the end. */
const nearPx = 32;

export class ScrollFollower {
  private readonly scroller = byId("scroller", HTMLElement);
  private readonly jump = byId("jump", HTMLButtonElement);
  private following = true;
  private lastTop = 0;

  constructor() {
    this.scroller.addEventListener("scroll", () => this.onScroll(), { passive: true });
    this.jump.addEventListener("click", () => {
      this.follow();
      this.scroller.focus({ preventScroll: true });
    });
    const observer = new ResizeObserver(() => this.onResize());
    observer.observe(this.scroller);
    for (const content of this.scroller.children) observer.observe(content);
  }

  /** Goes to the end and stays there: for a new question or another conversation. */
  follow(): void {
    this.following = true;
    this.toEnd();
  }

  private onScroll(): void {
    const { scrollTop } = this.scroller;
    if (this.distance() <= nearPx) this.following = true;
    else if (scrollTop < this.lastTop) this.following = false;
    this.lastTop = scrollTop;
    this.updateJump();
  }

  private onResize(): void {
    if (this.following) this.toEnd();
    else this.updateJump();
  }

  private toEnd(): void {
    this.scroller.scrollTop = this.scroller.scrollHeight;
    this.lastTop = this.scroller.scrollTop;
    this.updateJump();
  }

  private distance(): number {
    const { scrollHeight, scrollTop, clientHeight } = this.scroller;
    return scrollHeight - scrollTop - clientHeight;
  }

  private updateJump(): void {
    this.jump.hidden = this.following || this.distance() <= nearPx;
  }
}
