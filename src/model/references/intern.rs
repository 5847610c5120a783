//! Numbers for things that occur again and again.

use std::hash::BuildHasher;
use std::hash::Hash;

use hashbrown::DefaultHashBuilder;
use hashbrown::HashTable;

/// Gives equal values one number, counted from 0. The index beside the list takes five bytes a
/// slot and is dropped when nothing is added any more.
#[derive(Debug)]
pub(super) struct Interner<T> {
    list: Vec<T>,
    index: HashTable<u32>,
    hasher: DefaultHashBuilder,
    /// The number that was asked for last.
    last: u32,
}

impl<T> Default for Interner<T> {
    fn default() -> Self {
        Interner { list: Vec::new(), index: HashTable::new(), hasher: Default::default(), last: 0 }
    }
}

impl<T: Hash + Eq> Interner<T> {
    /// The number of a value.
    pub(super) fn intern(&mut self, value: T) -> u32 {
        let hash = self.hasher.hash_one(&value);
        let same = |number: &u32| self.list.get(*number as usize) == Some(&value);
        if let Some(number) = self.index.find(hash, same) {
            return *number;
        }
        self.add(hash, value)
    }

    /// As [`Interner::intern`], for values that mostly come in the order in which they came
    /// first: the one behind the last is looked at before it is searched for.
    pub(super) fn intern_near(&mut self, value: T) -> u32 {
        let next = self.last.wrapping_add(1);
        self.last = if self.get(next) == Some(&value) { next } else { self.intern(value) };
        self.last
    }

    /// As [`Interner::intern`], for a value which is only made where it is new.
    pub(super) fn intern_ref<Q: Hash + Eq + ?Sized>(
        &mut self,
        value: &Q,
        make: impl FnOnce(&Q) -> T,
    ) -> u32
    where
        T: std::borrow::Borrow<Q>,
    {
        match self.find_ref(value) {
            Some(number) => number,
            None => self.add(self.hasher.hash_one(value), make(value)),
        }
    }

    /// The number of a value that has one.
    pub(super) fn find(&self, value: &T) -> Option<u32> {
        self.find_ref(value)
    }

    /// As [`Interner::find`], by what a value is borrowed as.
    pub(super) fn find_ref<Q: Hash + Eq + ?Sized>(&self, value: &Q) -> Option<u32>
    where
        T: std::borrow::Borrow<Q>,
    {
        let same =
            |number: &u32| self.list.get(*number as usize).is_some_and(|one| one.borrow() == value);
        self.index.find(self.hasher.hash_one(value), same).copied()
    }

    fn add(&mut self, hash: u64, value: T) -> u32 {
        // Whoever fills it sees to it that there are fewer.
        let number = u32::try_from(self.list.len()).unwrap_or(u32::MAX);
        self.list.push(value);
        let rehash = |number: &u32| match self.list.get(*number as usize) {
            Some(value) => self.hasher.hash_one(value),
            None => 0,
        };
        self.index.insert_unique(hash, number, rehash);
        number
    }

    /// Gives back what only adding needs.
    pub(super) fn freeze(&mut self) {
        self.index = HashTable::new();
        self.list.shrink_to_fit();
    }
}

impl<T> Interner<T> {
    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    pub(super) fn get(&self, number: u32) -> Option<&T> {
        self.list.get(number as usize)
    }

    pub(super) fn get_mut(&mut self, number: u32) -> Option<&mut T> {
        self.list.get_mut(number as usize)
    }

    pub(super) fn iter(&self) -> std::slice::Iter<'_, T> {
        self.list.iter()
    }

    /// Bytes on the heap, without those behind the values.
    pub(super) fn heap_bytes(&self) -> usize {
        self.list.capacity() * size_of::<T>() + self.index.allocation_size()
    }
}
