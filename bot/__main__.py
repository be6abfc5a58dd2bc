"""`python -m bot …` is `rightsdesk …`."""

from bot.cli import main

if __name__ == "__main__":
    main()
